"""The address data model, and the match of spoken address parts against the company's house list.

`AddressBook` (`address_book.py`) extracts an `Address` from an utterance: `.find_address(words)` reads one utterance,
`.merge_reply(address, words, asked_part=...)` adds a reply to a known address. A part that was not said is absent. A
value that can't be decided is an `AddressDoubt`: data for a question to the caller, never a guess.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from callcenter.houses.houses import House

PARTS = (
    "settlement", "street", "complex", "house", "building", "structure", "letter", "entrance", "floor", "apartment",
)  # fmt: skip
"""Address parts from the largest to the smallest."""
HOUSE_PARTS = ("settlement", "street", "complex", "house", "building", "structure", "letter")
"""The parts that identify a house."""
DEPENDENT_PARTS = {
    "settlement": (),
    "street": ("house", "building", "structure", "letter", "entrance", "floor", "apartment", "complex"),
    "complex": ("street", "house", "building", "structure", "letter", "entrance", "floor", "apartment"),
    "house": ("building", "structure", "letter", "entrance", "floor", "apartment"),
    "building": ("structure", "letter"),
}
"""Dependent parts: when the key part changes, the known values of these parts become void."""
_HOUSE_NUMBER_PARTS = ("house", "building", "structure", "letter")


@dataclass(frozen=True, slots=True)
class AddressPart:
    """One part of an address with the words it was read from."""

    value: str
    """Spelled as in the house list: «проспект Энгельса», `139`, `12/14`, `А`. Empty: the caller said that the part does
    not exist («без корпуса»)."""
    words: str
    """The spoken words: «энгельсо»."""


@dataclass(frozen=True, slots=True)
class AddressDoubt:
    """An unresolved part of an address: data for a question to the caller."""

    kind: str
    """`ambiguous`: several values fit; `contradictory`: the spoken value contradicts the house list or another spoken
    value; `unknown`: the house list lacks the name; `missing`: the part was not said."""
    part: str
    """The part to ask about, one of PARTS."""
    options: tuple[str, ...] = ()
    """Possible values, spelled as in the house list; an empty string stands for «без корпуса». An empty tuple: no
    values are known."""
    words: str = ""
    """The spoken words that raised the doubt."""


@dataclass(frozen=True, slots=True)
class Address:
    """The address said by the caller. Falsy when nothing of an address was said."""

    parts: Mapping[str, AddressPart] = field(default_factory=lambda: MappingProxyType({}))
    """Only the parts that were said, keyed by PARTS and in the order of PARTS."""
    houses: tuple[House, ...] = ()
    """All houses that fit the parts, in the order of the house list, not ranked. Empty when none fits, and unless a
    street, a complex or a settlement was said."""
    doubts: tuple[AddressDoubt, ...] = ()

    @property
    def house(self) -> House | None:
        """The house, when exactly one fits."""
        return self.houses[0] if len(self.houses) == 1 else None

    @property
    def values(self) -> dict[str, str]:
        """The values by part name."""
        return {name: part.value for name, part in self.parts.items()}

    def get_value(self, part: str) -> str:
        """The value of a part; empty when the part was not said."""
        return self.parts[part].value if part in self.parts else ""

    def __bool__(self) -> bool:
        return bool(self.parts or self.doubts)


def what_to_ask(address: Address, *, needs_apartment: bool = True) -> AddressDoubt | None:
    """The next question before a ticket can be written. None when nothing is left to ask.

    Contradictory doubts come first, then unknown names, then ambiguous parts, the largest part first; after them the
    missing street, house or apartment. `needs_apartment` is False for troubles of a yard, an entrance or a parking lot:
    then the apartment is not asked about.
    """
    needed = [doubt for doubt in address.doubts if needs_apartment or doubt.part != "apartment"]
    for kind in ("contradictory", "unknown", "ambiguous"):
        found = sorted((doubt for doubt in needed if doubt.kind == kind), key=lambda doubt: PARTS.index(doubt.part))
        if found:
            return found[0]
    if address.house is None:
        known = "street" in address.parts or "complex" in address.parts
        return AddressDoubt("missing", "house" if known else "street")
    if needs_apartment and "apartment" not in address.parts:
        return AddressDoubt("missing", "apartment")
    return None


def resolve(houses: Iterable[House], parts: Mapping[str, AddressPart], doubts: Sequence[AddressDoubt]) -> Address:
    """The address of these parts: the houses that fit, the given doubts, and the doubts that the house list raises."""
    ordered = {name: parts[name] for name in PARTS if name in parts}
    found, raised = list(doubts), list[AddressDoubt]()
    fitting: tuple[House, ...] = ()
    if any(name in parts for name in ("settlement", "street", "complex")):
        fitting = tuple(houses)
        for name in HOUSE_PARTS:
            if name in parts:
                left = tuple(house for house in fitting if _has_part_value(house, name, parts[name].value))
                if not left:
                    options = _list_options(fitting, name)
                    raised.append(AddressDoubt("contradictory", name, options, parts[name].words))
                    fitting = ()
                    break
                fitting = left
    asked = {doubt.part for doubt in doubts}
    if fitting and not raised:
        fitting, raised = _check_inner_parts(fitting, parts)
        if len(fitting) > 1 and ("house" in parts or "complex" in parts):
            raised += [doubt for doubt in [_find_ambiguity(fitting, parts)] if doubt.part not in asked]
    return Address(MappingProxyType(ordered), fitting, tuple(found + raised))


def _has_part_value(house: House, part: str, value: str) -> bool:
    if part == "complex":
        return house.complex == value
    return str(getattr(house, part)) == value


def _check_inner_parts(
    houses: tuple[House, ...], parts: Mapping[str, AddressPart]
) -> tuple[tuple[House, ...], list[AddressDoubt]]:
    """The houses that can have the spoken apartment, entrance and floor. A part that no house can have raises a
    doubt."""
    doubts = []
    for name in ("apartment", "entrance", "floor"):
        if name not in parts or not parts[name].value.isdecimal():
            continue
        left = tuple(house for house in houses if may_have(house, name, int(parts[name].value)))
        if left:
            houses = left
        elif "house" in parts:
            doubts.append(AddressDoubt("contradictory", name, (), parts[name].words))
    known = {name: part.value for name, part in parts.items() if part.value}  # an empty value: the part does not exist
    if not doubts and len(houses) == 1 and "entrance" in known and known.get("apartment", "").isdecimal():
        entrance = houses[0].find_entrance(int(known["apartment"]))
        if entrance is not None and str(entrance) != known["entrance"]:
            doubts.append(AddressDoubt("contradictory", "entrance", (str(entrance),), parts["entrance"].words))
    return houses, doubts


def may_have(house: House, part: str, value: int) -> bool:
    """Whether a house may have this value of a part. True for an entrance, a floor or an apartment when the house list
    lacks the data."""
    if part == "apartment":
        return house.can_have_apartment(value)
    if part in _HOUSE_NUMBER_PARTS:
        return str(getattr(house, part)) == str(value)
    most = house.entrances if part == "entrance" else house.floors
    return most is None or 1 <= value <= most


def _find_ambiguity(houses: tuple[House, ...], parts: Mapping[str, AddressPart]) -> AddressDoubt:
    """The doubt about the largest unsaid part in which the houses differ."""
    for name in HOUSE_PARTS:
        if name != "complex" and len({getattr(house, name) for house in houses}) > 1 and name not in parts:
            return AddressDoubt("ambiguous", name, _list_options(houses, name))
    return AddressDoubt("ambiguous", "house", _list_options(houses, "house"))


def _list_options(houses: Iterable[House], part: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(getattr(house, part)) for house in houses))

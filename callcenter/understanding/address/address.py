"""An address heard, held against the company's own list of houses. What was not said is not there.

`AddressBook(houses).find(words)` reads one line; `.complete(address, words, asked)` reads a reply that goes on from
what is known. What can't be decided is a `AddressDoubt`: data for a question, never a guess.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from callcenter.houses.houses import House

PARTS = (
    "settlement", "street", "complex", "house", "building", "structure", "letter", "entrance", "floor", "apartment",
)  # fmt: skip
"""From the largest to the smallest."""
HOUSE_PARTS = ("settlement", "street", "complex", "house", "building", "structure", "letter")
BELOW = {
    "settlement": (),
    "street": ("house", "building", "structure", "letter", "entrance", "floor", "apartment", "complex"),
    "complex": ("street", "house", "building", "structure", "letter", "entrance", "floor", "apartment"),
    "house": ("building", "structure", "letter", "entrance", "floor", "apartment"),
    "building": ("structure", "letter"),
}
"""What a newly said part makes void of what was known before."""
_HOUSE_NUMBER_PARTS = ("house", "building", "structure", "letter")


@dataclass(frozen=True, slots=True)
class AddressPart:
    """One part of an address and the words it came from."""

    value: str
    """As the house list spells it: «проспект Энгельса», `139`, `12/14`, `А`."""
    words: str
    """What was said: «энгельсо»."""


@dataclass(frozen=True, slots=True)
class AddressDoubt:
    """Something to ask about."""

    kind: str
    """`ambiguous`: several of the list fit; `contradictory`: what was said doesn't fit the list, or itself;
    `unknown`: a name that the list doesn't hold."""
    part: str
    """What to ask for, one of PARTS."""
    options: tuple[str, ...] = ()
    """What it may be, as the list spells it, an empty one for «без корпуса»; none when too many or not known."""
    words: str = ""
    """The words that don't fit."""


@dataclass(frozen=True, slots=True)
class Address:
    """What was said of an address. Empty when nothing was."""

    parts: Mapping[str, AddressPart] = field(default_factory=lambda: MappingProxyType({}))
    """Only what was said, by the names of PARTS, in their order."""
    houses: tuple[House, ...] = ()
    """The houses that fit what was said, when a street, a complex or a settlement was; of them all none is nearer."""
    doubts: tuple[AddressDoubt, ...] = ()

    @property
    def house(self) -> House | None:
        """The house, when just one fits."""
        return self.houses[0] if len(self.houses) == 1 else None

    @property
    def values(self) -> dict[str, str]:
        """The parts' values."""
        return {name: part.value for name, part in self.parts.items()}

    def get_value(self, part: str) -> str:
        """A part's value; empty when it was not said."""
        return self.parts[part].value if part in self.parts else ""

    def __bool__(self) -> bool:
        return bool(self.parts or self.doubts)


def what_to_ask(address: Address, *, needs_apartment: bool = True) -> AddressDoubt | None:
    """The next question before a ticket can be written; None when the house is found and, if `needs_apartment`, the
    apartment.

    Contradictions come first, then the largest part that is missing or ambiguous. `needs_apartment` is False for
    troubles of a yard, an entrance, a parking.
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
    """The parts with the houses that fit them and every doubt that the list raises."""
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
    """The houses that can have the flat, the entrance and the floor that were said; a doubt when none can."""
    doubts = []
    for name in ("apartment", "entrance", "floor"):
        if name not in parts or not parts[name].value.isdecimal():
            continue
        left = tuple(house for house in houses if may_have(house, name, int(parts[name].value)))
        if left:
            houses = left
        elif "house" in parts:
            doubts.append(AddressDoubt("contradictory", name, (), parts[name].words))
    known = {name: part.value for name, part in parts.items() if part.value}  # the others are said to be none
    if not doubts and len(houses) == 1 and "entrance" in known and known.get("apartment", "").isdecimal():
        entrance = houses[0].find_entrance(int(known["apartment"]))
        if entrance is not None and str(entrance) != known["entrance"]:
            doubts.append(AddressDoubt("contradictory", "entrance", (str(entrance),), parts["entrance"].words))
    return houses, doubts


def may_have(house: House, part: str, value: int) -> bool:
    """Whether a house may have this building, structure, entrance, floor or apartment."""
    if part == "apartment":
        return house.can_have_apartment(value)
    if part in _HOUSE_NUMBER_PARTS:
        return str(getattr(house, part)) == str(value)
    most = house.entrances if part == "entrance" else house.floors
    return most is None or 1 <= value <= most


def _find_ambiguity(houses: tuple[House, ...], parts: Mapping[str, AddressPart]) -> AddressDoubt:
    """The largest part in which the houses differ."""
    for name in HOUSE_PARTS:
        if name != "complex" and len({getattr(house, name) for house in houses}) > 1 and name not in parts:
            return AddressDoubt("ambiguous", name, _list_options(houses, name))
    return AddressDoubt("ambiguous", "house", _list_options(houses, "house"))


def _list_options(houses: Iterable[House], part: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(getattr(house, part)) for house in houses))

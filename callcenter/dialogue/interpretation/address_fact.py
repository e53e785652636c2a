"""The fact `место`: the address said so far, as text that a dispatcher can read and `parse_address` can parse."""

from collections.abc import Mapping
from types import MappingProxyType

from callcenter.houses.houses import House, Houses
from callcenter.understanding.address.address import PARTS, Address, AddressDoubt, AddressPart, resolve

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "settlement": "посёлок",
        "street": "улица",
        "complex": "комплекс",
        "house": "дом",
        "building": "корпус",
        "structure": "строение",
        "letter": "литера",
        "entrance": "парадная",
        "floor": "этаж",
        "apartment": "квартира",
    }
)
_UNKNOWN_NAME = "незнакомое"
"""The name of a part whose value is a street or place missing in the house list."""
_PARTS = {name: part for part, name in _NAMES.items()}
PART_NAMES = _NAMES
"""Part of an address (one of `PARTS`) -> its Russian name."""


def format_address(address: Address) -> str:
    """`улица: проспект Энгельса; дом: 139`; empty for an empty address."""
    values = address.values
    said = [f"{_NAMES[part]}: {values[part]}" for part in PARTS if part in values]
    strange = [f"{_UNKNOWN_NAME}: {doubt.words}" for doubt in address.doubts if doubt.kind == "unknown" and doubt.words]
    return "; ".join([*said, *strange[:1]])


def parse_address(address_fact: str, houses: Houses) -> Address:
    """Parses the result of `format_address` and resolves it by the house list. Drops parts that cannot be parsed."""
    pieces = [piece.split(": ", 1) for piece in address_fact.split("; ") if ": " in piece]
    pairs = {name: value for name, value in pieces}
    values = {_PARTS[name]: value for name, value in pairs.items() if name in _PARTS}
    strange = pairs.get(_UNKNOWN_NAME)
    doubts = (AddressDoubt("unknown", "street", (), strange),) if strange else ()
    return resolve(houses.all, {part: AddressPart(value, value) for part, value in values.items()}, doubts)


def is_other_address(address_fact: str, known: str) -> bool:
    """Whether `address_fact` changes or drops a part of `known`, rather than only adding parts. Both are results of
    `format_address`."""
    return not set(address_fact.split("; ")).issuperset(known.split("; ") if known else ())


def guess_street(known: Address, houses: Houses) -> Address | None:
    """Completes an address that has a house number but no settlement, street or complex.

    Adds the street if exactly one street of the house list has such a house; else None. Also None if `known` has
    doubts.
    """
    if "house" not in known.parts or known.doubts or any(name in known.parts for name in PARTS[:3]):
        return None
    streets = dict.fromkeys((house.settlement, house.street) for house in houses.all if house.street)
    guesses = [_add_street(known, houses, settlement, street) for settlement, street in streets]
    fitting = [guess for guess in guesses if guess.houses]
    return fitting[0] if len(fitting) == 1 else None


def _add_street(known: Address, houses: Houses, settlement: str, street: str) -> Address:
    """`known` with this street; an empty address if its houses cannot have the apartment or entrance that was said."""
    parts = {
        **known.parts,
        "street": AddressPart(street, ""),
        **({"settlement": AddressPart(settlement, "")} if settlement else {}),
    }
    address = resolve(houses.all, parts, ())
    if any(doubt.kind == "contradictory" for doubt in address.doubts):
        return Address()
    return address


def say_house(house: House) -> str:
    """`проспект Энгельса, дом 139, корпус 1`; a settlement comes first, the letter last."""
    numbers = (
        ("дом", house.house),
        ("корпус", house.building),
        ("строение", house.structure),
        ("литера", house.letter),
    )
    named = [name for name in (house.settlement, house.street) if name]
    return ", ".join([*named, *(f"{name} {value}" for name, value in numbers if value)])


def spoken_address(address: Address) -> str:
    """The address as spoken text. The house is named as in the house list if exactly one fits, else as it was said."""
    inside = [f"{_NAMES[part]} {address.get_value(part)}" for part in PARTS[7:] if address.get_value(part)]
    if address.house is not None:
        return ", ".join([say_house(address.house), *inside])
    named = [address.get_value(part) for part in PARTS[:3] if address.get_value(part)]
    numbers = [f"{_NAMES[part]} {address.get_value(part)}" for part in PARTS[3:7] if address.get_value(part)]
    return ", ".join([*named, *numbers, *inside])

"""An address as a fact of the talk: what was said so far, in words a dispatcher can read and we can read back."""

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
"""A name that was said and is not on the list."""
_PARTS = {name: part for part, name in _NAMES.items()}
RUSSIAN = _NAMES
"""The parts of an address, in Russian."""


def format_address(address: Address) -> str:
    """`улица: проспект Энгельса; дом: 139`; empty when nothing was said."""
    values = address.values
    said = [f"{_NAMES[part]}: {values[part]}" for part in PARTS if part in values]
    strange = [f"{_UNKNOWN_NAME}: {doubt.words}" for doubt in address.doubts if doubt.kind == "unknown" and doubt.words]
    return "; ".join([*said, *strange[:1]])


def parse_address(address_fact: str, houses: Houses) -> Address:
    """The address of `format_address`, held against the house list. A part that can't be read is left out."""
    pieces = [piece.split(": ", 1) for piece in address_fact.split("; ") if ": " in piece]
    pairs = {name: value for name, value in pieces}
    values = {_PARTS[name]: value for name, value in pairs.items() if name in _PARTS}
    strange = pairs.get(_UNKNOWN_NAME)
    doubts = (AddressDoubt("unknown", "street", (), strange),) if strange else ()
    return resolve(houses.all, {part: AddressPart(value, value) for part, value in values.items()}, doubts)


def is_other_address(address_fact: str, known: str) -> bool:
    """Whether a place does not only say more than `known`, but otherwise; both as of write_place."""
    return not set(address_fact.split("; ")).issuperset(known.split("; ") if known else ())


def guess_street(known: Address, houses: Houses) -> Address | None:
    """The address with the only street of the list that has such a house, where a house was said and no street; None
    where several have it, or none."""
    if "house" not in known.parts or known.doubts or any(name in known.parts for name in PARTS[:3]):
        return None
    streets = dict.fromkeys((house.settlement, house.street) for house in houses.all if house.street)
    guesses = [_add_street(known, houses, settlement, street) for settlement, street in streets]
    fitting = [guess for guess in guesses if guess.houses]
    return fitting[0] if len(fitting) == 1 else None


def _add_street(known: Address, houses: Houses, settlement: str, street: str) -> Address:
    """Without houses where they cannot have the flat or the entrance that was said."""
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
    """`проспект Энгельса, дом 139, корпус 1`; the settlement before it, the letter behind."""
    numbers = (
        ("дом", house.house),
        ("корпус", house.building),
        ("строение", house.structure),
        ("литера", house.letter),
    )
    named = [name for name in (house.settlement, house.street) if name]
    return ", ".join([*named, *(f"{name} {value}" for name, value in numbers if value)])


def say_address(address: Address) -> str:
    """The whole address, the house as the list has it where only one fits, else what was said of it."""
    inside = [f"{_NAMES[part]} {address.get_value(part)}" for part in PARTS[7:] if address.get_value(part)]
    if address.house is not None:
        return ", ".join([say_house(address.house), *inside])
    named = [address.get_value(part) for part in PARTS[:3] if address.get_value(part)]
    numbers = [f"{_NAMES[part]} {address.get_value(part)}" for part in PARTS[3:7] if address.get_value(part)]
    return ", ".join([*named, *numbers, *inside])

"""Formats an address for reading on screen and for speech synthesis."""

from collections.abc import Mapping

from callcenter.houses.houses import House
from callcenter.understanding.address.address import Address

_SHORT_TYPES = {
    "улица": "ул.", "проспект": "пр.", "переулок": "пер.", "проезд": "пр-д", "бульвар": "бул.", "набережная": "наб.",
    "шоссе": "ш.", "площадь": "пл.", "аллея": "ал.", "тупик": "туп.", "посёлок": "пос.", "деревня": "дер.",
    "микрорайон": "мкр.",
}  # fmt: skip
_WRITTEN_FORMS = {
    "house": "д. {}", "building": "корп. {}", "structure": "стр. {}", "letter": "лит. {}", "entrance": "парадная {}",
    "floor": "этаж {}", "apartment": "кв. {}",
}  # fmt: skip
_SPOKEN_FORMS = {
    "house": "дом {}", "building": "корпус {}", "structure": "строение {}", "letter": "литера {}",
    "entrance": "парадная {}", "floor": "этаж {}", "apartment": "квартира {}",
}  # fmt: skip


def format_for_screen(address: Address) -> str:
    """The address for the screen: «пр. Энгельса, д. 139, корп. 1, кв. 12». Includes the parts of the house found."""
    return _join_values(_list_all_values(address), _WRITTEN_FORMS, shorten=True)


def format_for_speech(address: Address) -> str:
    """The address for reading aloud: «проспект Энгельса, дом 139, корпус 1, квартира 12». The `wording` package spells
    the numbers out."""
    return _join_values(_list_all_values(address), _SPOKEN_FORMS, shorten=False)


def house_written(house: House) -> str:
    """A house of the house list for the screen: «пр. Энгельса, д. 139, корп. 1»."""
    return _join_values(_list_house_values(house), _WRITTEN_FORMS, shorten=True)


def _list_all_values(address: Address) -> Mapping[str, str]:
    """The spoken values, replaced and completed by those of the house found, so that the caller can check the house
    itself."""
    said = {name: value for name, value in address.values.items() if value}
    return said | (_list_house_values(address.house) if address.house is not None else {})


def _list_house_values(house: House) -> dict[str, str]:
    names = ("settlement", "street", "house", "building", "structure", "letter")
    return {name: str(getattr(house, name)) for name in names if getattr(house, name)}


def _join_values(values: Mapping[str, str], forms: Mapping[str, str], *, shorten: bool) -> str:
    names = [values[name] for name in ("settlement", "street") if name in values]
    if "street" not in values and "complex" in values:
        names.append(values["complex"])
    numbers = [form.format(values[name]) for name, form in forms.items() if name in values]
    return ", ".join([*(_shorten(name) if shorten else name for name in names), *numbers])


def _shorten(name: str) -> str:
    """Abbreviates the street type: «проспект Энгельса» -> «пр. Энгельса», «Садовая улица» -> «Садовая ул.»."""
    words = name.split()
    return " ".join(_SHORT_TYPES.get(word.lower(), word) for word in words)

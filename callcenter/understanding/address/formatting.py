"""An address written down and spoken back."""

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


def written(address: Address) -> str:
    """«пр. Энгельса, д. 139, корп. 1, кв. 12»: what is known, the found house's own parts included."""
    return _join_values(_list_all_values(address), _WRITTEN_FORMS, shorten=True)


def for_speech(address: Address) -> str:
    """«проспект Энгельса, дом 139, корпус 1, квартира 12»: text that the wording room puts into words."""
    return _join_values(_list_all_values(address), _SPOKEN_FORMS, shorten=False)


def house_written(house: House) -> str:
    """A house of the list: «пр. Энгельса, д. 139, корп. 1»."""
    return _join_values(_list_house_values(house), _WRITTEN_FORMS, shorten=True)


def _list_all_values(address: Address) -> Mapping[str, str]:
    """The parts said, and those of the house they lead to: it is the found house that is read back."""
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
    """«проспект Энгельса» -> «пр. Энгельса», «Садовая улица» -> «Садовая ул.»."""
    words = name.split()
    return " ".join(_SHORT_TYPES.get(word.lower(), word) for word in words)

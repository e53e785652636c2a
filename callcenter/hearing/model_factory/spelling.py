"""Converts written Russian text to spoken form for the speech model."""

import re

from num2words import num2words

_NOT_WORDS = re.compile(r"[^а-яё -]+")
_ORDINAL = re.compile(r"(\d+)-(й|я|е)\b")
_GENDERS = {"й": "m", "я": "f", "е": "n"}
_DAY = re.compile(r"(\d+)(?= (?:января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря))")


def spell(text: str) -> str:
    """Convert a text to spoken form: lower case, numbers in words, only Russian words separated by single spaces."""
    spelt = _ORDINAL.sub(lambda found: _ordinal(int(found[1]), _GENDERS[found[2]], "n"), text.lower())
    spelt = _DAY.sub(lambda found: _ordinal(int(found[1]), "n", "g"), spelt)
    spelt = re.sub(r"\d+", lambda number: f" {num2words(int(number[0]), lang='ru')} ", spelt)
    return " ".join(_NOT_WORDS.sub(" ", spelt.replace("-", " ")).split())


def _ordinal(number: int, gender: str, case: str) -> str:
    return str(num2words(number, lang="ru", to="ordinal", gender=gender, case=case))

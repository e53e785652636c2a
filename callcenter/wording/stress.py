"""Stress marks: `+` before the vowel («зам+ок») or the acute accent after it («замо́к»). Heard, never shown."""

import re

VOWELS = "аеёиоуыэюя"
ACUTE = "\u0301"

_MARKED = re.compile(rf"\+(?=[{VOWELS}])", re.IGNORECASE)
_ACCENTED = re.compile(rf"([{VOWELS}]){ACUTE}", re.IGNORECASE)
_STRAY = re.compile(rf"\+(?![{VOWELS}])", re.IGNORECASE)


def to_plus(text: str) -> str:
    """«замо́к» -> «зам+ок»: the one notation of everything that is to be spoken."""
    return _ACCENTED.sub(r"+\1", text)


def to_acute(text: str) -> str:
    """«зам+ок» -> «замо́к»: for voices that know the accent."""
    return re.sub(rf"\+([{VOWELS}])", rf"\1{ACUTE}", text, flags=re.IGNORECASE)


def hide_stress(text: str) -> str:
    """The text as people read it, without either mark."""
    return _MARKED.sub("", _ACCENTED.sub(r"\1", text))


def drop_stray(text: str) -> str:
    """A space for every plus sign that stands before no vowel: it marks nothing."""
    return _STRAY.sub(" ", text)

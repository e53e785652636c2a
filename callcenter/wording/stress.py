"""Stress marks: `+` before the vowel («зам+ок») or U+0301 after it («замо́к»). They are for voices only and never shown
to people."""

import re

VOWELS = "аеёиоуыэюя"
ACUTE = "\u0301"

_MARKED = re.compile(rf"\+(?=[{VOWELS}])", re.IGNORECASE)
_ACCENTED = re.compile(rf"([{VOWELS}]){ACUTE}", re.IGNORECASE)
_STRAY = re.compile(rf"\+(?![{VOWELS}])", re.IGNORECASE)


def to_plus(text: str) -> str:
    """«замо́к» -> «зам+ок»: the internal notation of spoken text."""
    return _ACCENTED.sub(r"+\1", text)


def to_acute(text: str) -> str:
    """«зам+ок» -> «замо́к»: for voices that accept U+0301."""
    return re.sub(rf"\+([{VOWELS}])", rf"\1{ACUTE}", text, flags=re.IGNORECASE)


def hide_stress(text: str) -> str:
    """The text for people to read, without stress marks of both notations."""
    return _MARKED.sub("", _ACCENTED.sub(r"\1", text))


def drop_stray(text: str) -> str:
    """Replaces each `+` that is not before a vowel by a space."""
    return _STRAY.sub(" ", text)

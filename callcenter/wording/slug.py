"""A short Latin file name from the first words of a Russian text."""

import re

# fmt: off
_LATIN = (
    "a", "b", "v", "g", "d", "e", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f",
    "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya",
)
# fmt: on
_LETTERS = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        _LATIN,
        strict=True,
    )
)


def slug(text: str, *, words: int = 4, letters: int = 40) -> str:
    """`Здравствуйте! Ситуационный центр` -> `zdravstvuyte-situatsionnyy-tsentr`; `prompt` if nothing remains.

    Takes at most the first `words` words and `letters` characters.
    """
    latin = "".join(_LETTERS.get(letter, letter) for letter in text.lower())
    parts = re.findall(r"[a-z0-9]+", latin)[:words]
    while len(parts) > 1 and len("-".join(parts)) > letters:
        parts.pop()
    return "-".join(parts)[:letters] or "prompt"

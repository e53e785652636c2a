"""A name said letter by letter: «к о л л о н т а й», «эс а дэ о вэ а я»."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from callcenter.understanding.words import Word, read_words

_FEWEST = 4


def join_spelled(words: Sequence[Word]) -> Sequence[Word]:
    """The words with each row of four letters or more as one word; the same words when there is none."""
    letters = [_names().get(word.text, "") for word in words]
    if sum(letter != "" for letter in letters) < _FEWEST:
        return words
    joined: list[Word] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and letters[end]:
            end += 1
        if end - at >= _FEWEST:
            joined += read_words("".join(letters[at:end]))
        else:
            joined += words[at : max(end, at + 1)]
        at = max(end, at + 1)
    return joined


@cache
def _names() -> Mapping[str, str]:
    text = Path(__file__).with_name("address.toml").read_text(encoding="utf-8")
    names: dict[str, str] = tomllib.loads(text)["spelled"]
    return {letter: letter for letter in "абвгдежзийклмнопрстуфхцчшщъыьэюя"} | names

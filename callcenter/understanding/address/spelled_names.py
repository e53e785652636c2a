"""Normalizes names before the search: joins spelled letters («эс а дэ о вэ а я»), splits «сорокалетия победы»."""

from collections.abc import Mapping, Sequence
from functools import cache

from callcenter.understanding.address.vocabulary import address_words
from callcenter.understanding.numbers.numbers import parse_number_word
from callcenter.understanding.words import Word, read_words

_MIN_LETTERS = 4
"""Minimum number of consecutive letter names that are joined into a word."""
_ANNIVERSARY_SUFFIX = "летия"


def join_spelled(words: Sequence[Word]) -> Sequence[Word]:
    """The words with each run of four or more letter names joined into one word, and «сорокалетия» split into
    «сорока лет». The same object when nothing changes."""
    if any(word.text.endswith(_ANNIVERSARY_SUFFIX) for word in words):
        words = [one for word in words for one in _split_anniversary(word)]
    letters = [_read_letter_names().get(word.text, "") for word in words]
    if sum(letter != "" for letter in letters) < _MIN_LETTERS:
        return words
    joined: list[Word] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and letters[end]:
            end += 1
        if end - at >= _MIN_LETTERS:
            joined += read_words("".join(letters[at:end]))
        else:
            joined += words[at : max(end, at + 1)]
        at = max(end, at + 1)
    return joined


def _split_anniversary(word: Word) -> Sequence[Word]:
    """Splits «сорокалетия» into «сорока лет», and typed «40-летия» likewise; other words stay."""
    years = word.text.removesuffix(_ANNIVERSARY_SUFFIX)
    if years == word.text or (years and parse_number_word(years) is None):
        return (word,)
    return read_words(f"{years} лет")


@cache
def _read_letter_names() -> Mapping[str, str]:
    names: dict[str, str] = address_words()["spelled"]
    return {letter: letter for letter in "абвгдежзийклмнопрстуфхцчшщъыьэюя"} | names

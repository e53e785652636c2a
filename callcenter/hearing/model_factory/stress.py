"""Where Russian words are stressed: the dictionary of the festvox-ru voice, and a guess by endings for other words."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

FESTVOX_DICTIONARY = Path(
    "/usr/share/festival/voices/russian/msu_ru_nsh_clunits/dict/msu_ru_nsh_dict.scm",
)
"""Debian's package festvox-ru: 181,000 word forms."""

_ENTRY = re.compile(r'\("([а-яё]+)" \S+ \((\d+)\)\)')
_VOWEL = re.compile("[аеёиоуыэюя]")
_LONGEST_ENDING = 6
_SHORTEST_ENDING = 2
_SURE = 0.8
"""The share of words with an ending that must agree before the ending decides alone."""


class StressDictionary:
    """The stressed vowels of words, counted from 1; 0: the word leans on its neighbour and has no stress."""

    def __init__(self, known: Mapping[str, tuple[int, ...]]) -> None:
        self._known = known
        self._endings: dict[str, list[tuple[int, int]]] = {}

    @classmethod
    def read(cls, file: Path = FESTVOX_DICTIONARY) -> "StressDictionary":
        """Raises OSError."""
        known: dict[str, tuple[int, ...]] = {}
        for word, stress in _ENTRY.findall(file.read_text(encoding="utf-8")):
            found = int(stress)
            if found not in known.get(word, ()):
                known[word] = (*known.get(word, ()), found)
        return cls(known)

    def words(self) -> Iterator[str]:
        """All that it knows."""
        return iter(self._known)

    def find_stressed_vowels(self, word: str) -> tuple[int, ...]:
        """The places a word may be stressed at, the likeliest first. Never empty for a word with vowels."""
        vowels = count_vowels(word)
        if "ё" in word:
            return (count_vowels(word[: word.index("ё") + 1]),)
        if word in self._known:
            return self._known[word]
        if vowels <= 1:
            return (vowels,)
        return self._guess(word, vowels)

    def _guess(self, word: str, vowels: int) -> tuple[int, ...]:
        """By the longest ending that known words share; two places where they disagree."""
        endings = self._endings or self._count_endings()
        for ending in _endings_of(word):
            votes = {vowels - from_end: count for from_end, count in endings.get(ending, ()) if from_end < vowels}
            if votes:
                first, *others = sorted(votes, key=lambda place: -votes[place])[:2]
                return (first,) if votes[first] >= _SURE * sum(votes.values()) else (first, *others)
        return (max(vowels - 1, 1), vowels)

    def _count_endings(self) -> Mapping[str, list[tuple[int, int]]]:
        """For an ending, how often its words are stressed how many vowels before the last."""
        from_end_of = ((word, count_vowels(word) - places[0]) for word, places in self._known.items() if places[0])
        counted = Counter((ending, from_end) for word, from_end in from_end_of for ending in _endings_of(word))
        for (ending, from_end), count in counted.items():
            self._endings.setdefault(ending, []).append((from_end, count))
        return self._endings


def count_vowels(text: str) -> int:
    return len(_VOWEL.findall(text))


def _endings_of(word: str) -> Iterator[str]:
    """The longest first."""
    for length in range(min(_LONGEST_ENDING, len(word)), _SHORTEST_ENDING - 1, -1):
        yield word[-length:]

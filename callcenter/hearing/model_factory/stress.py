"""Stress of Russian words: from the dictionary of the festvox-ru voice, and for other words guessed by their ending."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

FESTVOX_DICTIONARY = Path(
    "/usr/share/festival/voices/russian/msu_ru_nsh_clunits/dict/msu_ru_nsh_dict.scm",
)
"""Dictionary of Debian's package festvox-ru: 181,000 word forms."""

_ENTRY = re.compile(r'\("([а-яё]+)" \S+ \((\d+)\)\)')
_VOWEL = re.compile("[аеёиоуыэюя]")
_LONGEST_ENDING = 6
_SHORTEST_ENDING = 2
_SURE = 0.8
"""Share of the known words with an ending that must have the same stress; below it two guesses are returned."""


class StressDictionary:
    """Numbers of the stressed vowels of words, counted from 1; 0: the word is a clitic without stress."""

    def __init__(self, known: Mapping[str, tuple[int, ...]]) -> None:
        self._known = known
        self._endings: dict[str, list[tuple[int, int]]] = {}

    @classmethod
    def read(cls, file: Path = FESTVOX_DICTIONARY) -> "StressDictionary":
        """Read festvox-ru's dictionary. Raises OSError."""
        known: dict[str, tuple[int, ...]] = {}
        for word, stress in _ENTRY.findall(file.read_text(encoding="utf-8")):
            found = int(stress)
            if found not in known.get(word, ()):
                known[word] = (*known.get(word, ()), found)
        return cls(known)

    def words(self) -> Iterator[str]:
        """All words of the dictionary."""
        return iter(self._known)

    def find_stressed_vowels(self, word: str) -> tuple[int, ...]:
        """Possible numbers of the stressed vowel, the likeliest first; (0,) for a word without vowels.

        A vowel ё is always stressed.
        """
        vowels = count_vowels(word)
        if "ё" in word:
            return (count_vowels(word[: word.index("ё") + 1]),)
        if word in self._known:
            return self._known[word]
        if vowels <= 1:
            return (vowels,)
        return self._guess(word, vowels)

    def _guess(self, word: str, vowels: int) -> tuple[int, ...]:
        """Guess by the longest ending that known words have; two guesses when these words disagree (see _SURE)."""
        endings = self._endings or self._count_endings()
        for ending in _endings_of(word):
            votes = {vowels - from_end: count for from_end, count in endings.get(ending, ()) if from_end < vowels}
            if votes:
                first, *others = sorted(votes, key=lambda place: -votes[place])[:2]
                return (first,) if votes[first] >= _SURE * sum(votes.values()) else (first, *others)
        return (max(vowels - 1, 1), vowels)

    def _count_endings(self) -> Mapping[str, list[tuple[int, int]]]:
        """Count for each ending how many of its words have the stress on which vowel, counted from the last one (0)."""
        from_end_of = ((word, count_vowels(word) - places[0]) for word, places in self._known.items() if places[0])
        counted = Counter((ending, from_end) for word, from_end in from_end_of for ending in _endings_of(word))
        for (ending, from_end), count in counted.items():
            self._endings.setdefault(ending, []).append((from_end, count))
        return self._endings


def count_vowels(text: str) -> int:
    return len(_VOWEL.findall(text))


def _endings_of(word: str) -> Iterator[str]:
    """Endings of a word, the longest first."""
    for length in range(min(_LONGEST_ENDING, len(word)), _SHORTEST_ENDING - 1, -1):
        yield word[-length:]

"""Recogniser's slips: which word of the phrases a word was meant to be, when it is none of them itself.

The longer the word the more letters may differ; a word of the dictionary has to sound almost the same, because a
recogniser writes real words and most of them were meant.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from callcenter.understanding.phrases.edit_distance import SimilarWords
from callcenter.understanding.words import Word, alike, sound, stem

SHORTEST = 5
"""Letters: a shorter word has too many neighbours."""
_LONG = 8
_MAX_LENGTH_DIFFERENCE = 1
"""Sounds by which two words may differ in length."""
_MIN_SIMILARITY, _MIN_SIMILARITY_LONG, _MIN_SIMILARITY_DICTIONARY = 0.8, 0.74, 0.9
_LONG_KNOWN = 9
"""Sounds: in a shorter word of the dictionary one wrong sound is too much already."""
_MAX_CANDIDATES = 3
_SHORTEST_STEM = 4
_MAX_CACHED_WORDS = 100_000
"""Words; then all are forgotten."""
_MIN_HOMOPHONE_SIMILARITY = 0.85
"""How alike words are that differ in their endings or in letters that sound the same, at least."""


class Misrecognitions:
    """Finds the closest of the words given; what was found once is remembered.

    Books that share one agree which word was meant, and it is sought once for all of them.
    """

    def __init__(self) -> None:
        self._words: dict[str, list[str]] = {}
        """By their sound."""
        self._sounds: defaultdict[int, list[str]] = defaultdict(list)
        """By their length."""
        self._indexes_by_length: dict[int, SimilarWords] = {}
        """The same, made ready when first something is sought."""
        self._stems: dict[str, list[str]] = {}
        """Words by their stem."""
        self._all_words: set[str] = set()
        self._cached_closest: dict[tuple[str, str, bool], tuple[str, float] | None] = {}

    def add(self, words: Iterable[str]) -> None:
        """More words to choose from."""
        for word in sorted({word for word in words if len(word) >= SHORTEST} - self._all_words):
            heard = sound(word)
            if heard not in self._words:
                self._sounds[len(heard)].append(heard)
            self._words.setdefault(heard, []).append(word)
            if len(root := stem(word)) >= _SHORTEST_STEM:
                self._stems.setdefault(root, []).append(word)
            self._all_words.add(word)
        self._indexes_by_length.clear()
        self._cached_closest.clear()

    def contains_any(self, *texts: str) -> bool:
        """Whether one of them is a word to choose."""
        return not self._all_words.isdisjoint(texts)

    def find_closest(self, word: Word) -> tuple[str, float] | None:
        """The closest word and how alike it is, 0 to 1; None when nothing is close enough."""
        return self.find_closest_text(word.text, word.lemma, in_dictionary=word.in_dictionary)

    def find_closest_text(self, text: str, lemma: str, *, in_dictionary: bool = False) -> tuple[str, float] | None:
        """The same for a text and its lemma; `in_dictionary`: the dictionary has it."""
        sought = text, lemma, in_dictionary
        if sought not in self._cached_closest:
            if len(self._cached_closest) > _MAX_CACHED_WORDS:
                self._cached_closest.clear()
            self._cached_closest[sought] = self._search(text, lemma, known=in_dictionary)
        return self._cached_closest[sought]

    def find_homophone(self, text: str) -> tuple[str, float] | None:
        """The word that sounds the same as a text."""
        words = self._words.get(sound(text), ())
        return max(((word, alike(text, word)) for word in words), key=lambda one: one[1], default=None)

    def _search(self, text: str, lemma: str, *, known: bool) -> tuple[str, float] | None:
        if len(text) < SHORTEST or text.isdecimal():
            return None
        if not known and (same := [*self._words.get(sound(text), ()), *self._stems.get(stem(text), ())]):
            return max(
                ((word, max(_MIN_HOMOPHONE_SIMILARITY, alike(text, word))) for word in same), key=lambda one: one[1]
            )
        best: tuple[str, float] | None = None
        for tried in dict.fromkeys((lemma, text)):
            close = (
                _MIN_SIMILARITY_DICTIONARY if known else _MIN_SIMILARITY if len(tried) < _LONG else _MIN_SIMILARITY_LONG
            )
            heard = sound(tried)
            near = (heard,) if known and len(heard) < _LONG_KNOWN else self._find_near(heard, close)
            for word in (word for one in near for word in self._words.get(one, ())):
                likeness = alike(tried, word)
                if likeness >= close and (best is None or likeness > best[1]):
                    best = (word, likeness)
        return best

    def _find_near(self, heard: str, close: float) -> Iterator[str]:
        if not self._indexes_by_length:
            self._indexes_by_length = {length: SimilarWords(sounds) for length, sounds in self._sounds.items()}
        for length in range(len(heard) - _MAX_LENGTH_DIFFERENCE, len(heard) + _MAX_LENGTH_DIFFERENCE + 1):
            if length in self._indexes_by_length:
                yield from (
                    one
                    for one, _ in self._indexes_by_length[length].find_similar(
                        heard, close - 0.1, max_results=_MAX_CANDIDATES
                    )
                )

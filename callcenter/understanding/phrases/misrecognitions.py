"""Corrects misrecognized words: finds the phrase vocabulary's word that a caller's word most resembles.

A longer word may differ in more letters. A dictionary word must sound almost the same as its correction, because the
recognizer outputs real words and most of them were said.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from callcenter.understanding.phrases.edit_distance import SimilarWords
from callcenter.understanding.words import Word, phonetic_code, phonetic_stem, similarity

SHORTEST = 5
"""Letters: a shorter word is not corrected, because too many words resemble it."""
_LONG = 8
"""Letters from which `_MIN_SIMILARITY_LONG` applies."""
_MAX_LENGTH_DIFFERENCE = 1
"""Maximum difference in length between the phonetic codes (`words.sound`) of two words."""
_MIN_SIMILARITY, _MIN_SIMILARITY_LONG, _MIN_SIMILARITY_DICTIONARY = 0.8, 0.74, 0.9
"""Minimum `words.alike` of a correction, 0 to 1: for a word outside the dictionary, a long one of these, and a
dictionary word. Lower values correct more misrecognitions and replace more words that were really said."""
_LONG_KNOWN = 9
"""Length of a phonetic code: a dictionary word with a shorter code must have the same code as its correction."""
_MAX_CANDIDATES = 3
"""Nearest phonetic codes compared for each length."""
_SHORTEST_STEM = 4
"""Letters of a phonetic stem; shorter stems are not matched."""
_MAX_CACHED_WORDS = 100_000
"""Cache entries; the whole cache is cleared when there are more."""
_MIN_HOMOPHONE_SIMILARITY = 0.85
"""Similarity given, at least, to words that differ only in the ending or in letters that sound the same."""


class Misrecognitions:
    """A vocabulary of phrase words with a cached search for the closest one.

    Phrase books that share an instance correct a word in the same way, and the word is looked up only once.
    """

    def __init__(self) -> None:
        self._words: dict[str, list[str]] = {}
        """Phonetic code -> words."""
        self._sounds: defaultdict[int, list[str]] = defaultdict(list)
        """Length of a phonetic code -> codes."""
        self._indexes_by_length: dict[int, SimilarWords] = {}
        """Search indexes of `_sounds`, built at the first search after `add`."""
        self._stems: dict[str, list[str]] = {}
        """Phonetic stem -> words."""
        self._all_words: set[str] = set()
        self._cached_closest: dict[tuple[str, str, bool], tuple[str, float] | None] = {}

    def add(self, words: Iterable[str]) -> None:
        """Adds words to the vocabulary; words shorter than `SHORTEST` are skipped."""
        for word in sorted({word for word in words if len(word) >= SHORTEST} - self._all_words):
            heard = phonetic_code(word)
            if heard not in self._words:
                self._sounds[len(heard)].append(heard)
            self._words.setdefault(heard, []).append(word)
            if len(root := phonetic_stem(word)) >= _SHORTEST_STEM:
                self._stems.setdefault(root, []).append(word)
            self._all_words.add(word)
        self._indexes_by_length.clear()
        self._cached_closest.clear()

    def contains_any(self, *texts: str) -> bool:
        """Whether any of the texts is in the vocabulary."""
        return not self._all_words.isdisjoint(texts)

    def find_closest(self, word: Word) -> tuple[str, float] | None:
        """The most similar vocabulary word and its similarity, 0 to 1; None when no word is similar enough."""
        return self.find_closest_text(word.text, word.lemma, in_dictionary=word.in_dictionary)

    def find_closest_text(self, text: str, lemma: str, *, in_dictionary: bool = False) -> tuple[str, float] | None:
        """As `find_closest`, for a text and its lemma; `in_dictionary`: the text is a dictionary word."""
        sought = text, lemma, in_dictionary
        if sought not in self._cached_closest:
            if len(self._cached_closest) > _MAX_CACHED_WORDS:
                self._cached_closest.clear()
            self._cached_closest[sought] = self._search(text, lemma, known=in_dictionary)
        return self._cached_closest[sought]

    def find_homophone(self, text: str) -> tuple[str, float] | None:
        """The vocabulary word with the same phonetic code as `text`, and its similarity, 0 to 1; None without one."""
        words = self._words.get(phonetic_code(text), ())
        return max(((word, similarity(text, word)) for word in words), key=lambda one: one[1], default=None)

    def _search(self, text: str, lemma: str, *, known: bool) -> tuple[str, float] | None:
        if len(text) < SHORTEST or text.isdecimal():
            return None
        if not known and (
            same := [*self._words.get(phonetic_code(text), ()), *self._stems.get(phonetic_stem(text), ())]
        ):
            return max(
                ((word, max(_MIN_HOMOPHONE_SIMILARITY, similarity(text, word))) for word in same),
                key=lambda one: one[1],
            )
        best: tuple[str, float] | None = None
        for tried in dict.fromkeys((lemma, text)):
            close = (
                _MIN_SIMILARITY_DICTIONARY if known else _MIN_SIMILARITY if len(tried) < _LONG else _MIN_SIMILARITY_LONG
            )
            heard = phonetic_code(tried)
            near = (heard,) if known and len(heard) < _LONG_KNOWN else self._find_near(heard, close)
            for word in (word for one in near for word in self._words.get(one, ())):
                likeness = similarity(tried, word)
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

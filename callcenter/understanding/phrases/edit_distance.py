"""Which of many words are like one: by the letters that must differ anyway, then one by one.

An edit (a letter put in, left out, exchanged, or two swapped) changes at most one letter of each word. So of two words
as alike as is asked the first lacks few letters of the other, whatever their order: that is seen of thousands of words
at once, and leaves some dozens to compare.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

_MASK_BITS = 32


class SimilarWords:
    """Words among which the like of a word are sought."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = tuple(words)
        self._letters = np.array([_make_letter_mask(word) for word in self._words], np.uint64)
        self._lengths = np.array([len(word) for word in self._words], np.int64)

    def find_similar(
        self, text: str, min_similarity: float, *, max_results: int | None = None
    ) -> Sequence[tuple[str, float]]:
        """The words with their likeness, 0 to 1, of at least `min_similarity`: the likest first, at most so many."""
        letters = np.uint64(_make_letter_mask(text))
        edits = (1 - min_similarity) * np.maximum(self._lengths, len(text)) + 1e-6
        lacking = np.bitwise_count(letters & ~self._letters)
        spare = np.bitwise_count(self._letters & ~letters)
        near = [self._words[at] for at in np.flatnonzero((lacking <= edits) & (spare <= edits)).tolist()]
        found = process.extract(
            text, near, scorer=OSA.normalized_similarity, score_cutoff=min_similarity, limit=max_results
        )
        return [(word, likeness) for word, likeness, _ in found]


def _make_letter_mask(word: str) -> int:
    """Its letters without their order, a bit for the first of a kind and one for the second."""
    gathered = 0
    for letter in word:
        bit = 1 << ord(letter) % _MASK_BITS
        gathered |= bit << _MASK_BITS if gathered & bit else bit
    return gathered

"""Finds the words of a large list that are similar to a given word, by OSA (optimal string alignment) distance.

A minimum similarity bounds the number of edits. An edit (insertion, deletion, substitution, or transposition of two
neighboring letters) changes at most one letter of a word's set of letters. So a word with more missing or extra letters
than the bound is rejected; this check runs on thousands of words at once and leaves a few dozen to compare.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

_MASK_BITS = 32
"""Buckets for letters; a mask of 64 bits holds each twice, for the first occurrence and for a repetition."""


class SimilarWords:
    """A list of words prepared for similarity search."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = tuple(words)
        self._letters = np.array([_make_letter_mask(word) for word in self._words], np.uint64)
        self._lengths = np.array([len(word) for word in self._words], np.int64)

    def find_similar(
        self, text: str, min_similarity: float, *, max_results: int | None = None
    ) -> Sequence[tuple[str, float]]:
        """The words whose OSA similarity to `text`, 0 to 1, is at least `min_similarity`, each with it; best first."""
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
    """The letters of a word regardless of order: one bit for a letter, another bit when it occurs again."""
    gathered = 0
    for letter in word:
        bit = 1 << ord(letter) % _MASK_BITS
        gathered |= bit << _MASK_BITS if gathered & bit else bit
    return gathered

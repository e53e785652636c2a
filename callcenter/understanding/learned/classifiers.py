"""Classifies lines with models trained on labeled lines: a second opinion beside the phrases.

Phrases work on partial results, tell a denial from an alarm and can be edited by people, but find only what their
authors thought of. The models are multinomial logistic regressions over hashed features: lemmas, lemma bigrams, and
character n-grams of three to five letters, so they also judge words that no phrase has. `meaning_model/` trains the
weights; this module evaluates them, deterministically, and names the words that contribute most.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from callcenter.understanding.words import Word

OF_DANGERS = Path(__file__).with_name("learned_dangers.npz")
OF_CATEGORIES = Path(__file__).with_name("learned_categories.npz")
OF_INTENTS = Path(__file__).with_name("learned_intents.npz")
OF_ARTICLES = Path(__file__).with_name("learned_articles.npz")
PIECES = (3, 4, 5)
"""Lengths of character n-grams, in letters; a word's boundary signs count as letters."""
NONE = "none"
"""The class of a line that belongs to no other class."""
WINDOW, STEP = 12, 4
"""Size and step, in words, of the windows of `predict_strongest_part`: in a long story one danger would be outweighed
by the other words."""
_MIN_CONTRIBUTION_RATIO = 0.4
"""Minimum contribution of a word that is named in an explanation, as a share of the strongest word's contribution."""
_LINE_BOUNDARY = "-"
"""Stands for the word before the first and after the last one in bigrams."""

Shares = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Classification:
    """The result for a part of a line."""

    any_probability: float
    """Probability, 0 to 1, of any class but NONE."""
    code: str
    """The likeliest class but NONE."""
    class_probability: float
    """Probability, 0 to 1, of `code`."""
    first: int
    end: int
    """The words judged: `words[first:end]`."""


class Classifier:
    """A model loaded from an `.npz` file that `meaning_model/train.py` writes.

    Arrays: `classes` (names), `rarity` (features,), the inverse document frequency (IDF) of each feature, `weights`
    (features, classes), `bias` (classes,). Features are hashed to a fixed number; colliding ones share their weights.
    """

    def __init__(self, file: Path) -> None:
        with np.load(file) as kept:
            self._classes = [str(name) for name in kept["classes"]]
            self._feature_idf = kept["rarity"].astype(np.float32)
            self._weights = kept["weights"].astype(np.float32)
            self._bias = kept["bias"].astype(np.float32)
        self._no_class_index = self._classes.index(NONE)

    def predict_strongest_part(self, words: Sequence[Word]) -> Classification:
        """The result for the window of `WINDOW` words with the highest probability of any class but NONE."""
        starts = range(0, max(len(words) - WINDOW + STEP, 1), STEP)
        parts = (self._predict_part(words, at, min(at + WINDOW, len(words))) for at in starts)
        return max(parts, key=lambda part: part.any_probability)

    def predict_probabilities(self, words: Sequence[Word]) -> dict[str, float]:
        """Class -> probability, 0 to 1, for the whole line, with NONE; empty for a line without words."""
        return dict(zip(self._classes, self._compute_probabilities(words).tolist(), strict=True)) if words else {}

    def explain_prediction(self, words: Sequence[Word], prediction: Classification) -> tuple[str, int]:
        """The text of the words that contribute most to `prediction.code`, and their mask: a bit for each word."""
        judged = words[prediction.first : prediction.end]
        voices = self._score_words(judged, self._classes.index(prediction.code))
        least = max(max(voices) * _MIN_CONTRIBUTION_RATIO, 1e-6)
        loud = [at for at, voice in enumerate(voices) if voice >= least]
        return " ".join(judged[at].text for at in loud), sum(1 << at for at in loud) << prediction.first

    def _predict_part(self, words: Sequence[Word], first: int, end: int) -> Classification:
        if first == end:
            return Classification(0.0, NONE, 0.0, first, end)
        shares = self._compute_probabilities(words[first:end])
        likely = float(1 - shares[self._no_class_index])
        shares[self._no_class_index] = -1.0
        best = int(shares.argmax())
        return Classification(likely, self._classes[best], float(shares[best]), first, end)

    def _compute_probabilities(self, words: Sequence[Word]) -> Shares:
        weighed = [compute_tfidf(marks, self._feature_idf) for marks in extract_features(words, len(self._feature_idf))]
        scores: Shares = self._bias + sum(values @ self._weights[numbers] for numbers, values in weighed)
        shares: Shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        return shares

    def _score_words(self, words: Sequence[Word], best: int) -> list[float]:
        """The contribution of each word to class `best` against NONE; words share a feature's contribution equally."""
        count = len(self._feature_idf)
        lemmas, pairs = _list_lemmas(words, count), _list_bigrams(words, count)
        whole = [{lemmas[at], pairs[at], pairs[at + 1]} for at in range(len(words))]
        pieces = [{piece % count for piece in _list_ngrams(word.text)} for word in words]
        spoken = [0.0] * len(words)
        for marks, own in zip(extract_features(words, count), (whole, pieces), strict=True):
            numbers, values = compute_tfidf(marks, self._feature_idf)
            voices = values * (self._weights[numbers, best] - self._weights[numbers, self._no_class_index])
            sayers = Counter(chain.from_iterable(own))
            voice = {mark: one / sayers[mark] for mark, one in zip(marks, voices.tolist(), strict=True)}
            spoken = [before + sum(voice[mark] for mark in said) for before, said in zip(spoken, own, strict=True)]
        return spoken


def extract_features(words: Sequence[Word], feature_count: int) -> tuple[list[int], list[int]]:
    """The features of a line as indexes below `feature_count`, each once: lemmas with bigrams, and n-grams."""
    lemmas, pairs = _list_lemmas(words, feature_count), _list_bigrams(words, feature_count)
    whole = chain(chain.from_iterable(zip(lemmas, pairs, strict=False)), pairs[-1:])
    pieces = [piece % feature_count for word in words for piece in _list_ngrams(word.text)]
    return list(dict.fromkeys(whole)), list(dict.fromkeys(pieces))


def compute_tfidf(features: Sequence[int], idf: Shares) -> tuple[NDArray[np.intp], Shares]:
    """The indexes of features as an array, and their IDF values scaled to an L2 norm of 1."""
    numbers = np.array(features, np.intp)
    values = idf[numbers]
    return numbers, values / max(float(np.sqrt(values @ values)), 1e-6)


def _list_lemmas(words: Sequence[Word], count: int) -> list[int]:
    return [_hash_feature(word.lemma) % count for word in words]


def _list_bigrams(words: Sequence[Word], count: int) -> list[int]:
    """The bigrams of neighboring lemmas with both line boundaries: one more than there are words."""
    return [
        _hash_bigram(*pair) % count
        for pair in pairwise((_LINE_BOUNDARY, *(word.lemma for word in words), _LINE_BOUNDARY))
    ]


@lru_cache(maxsize=65536)
def _hash_bigram(one: str, other: str) -> int:
    return crc32(f"{one} {other}".encode())


@lru_cache(maxsize=65536)
def _hash_feature(mark: str) -> int:
    return crc32(mark.encode())


@lru_cache(maxsize=65536)
def _list_ngrams(word: str) -> tuple[int, ...]:
    """The hashes of a word's n-grams, not yet reduced to a feature index."""
    edged = f"<{word}>"
    return tuple(crc32(edged[at : at + length].encode()) for length in PIECES for at in range(len(edged) - length + 1))

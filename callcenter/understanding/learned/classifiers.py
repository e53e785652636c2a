"""What a line means, learned from lines whose meaning people wrote down: a second opinion beside the phrases.

The phrases act in the middle of a sentence, tell a denial from an alarm, and can be mended in words, but find only what
somebody thought of. Here a logistic regression weighs the line's lemmas, their pairs, and pieces of its words of three
to five letters, so that it may also speak for words that no phrase has. The weights come from `meaning_model/`; here
they are only added up: the same line gets the same answer, and the words that speak for it most are named.
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
"""Letters."""
NONE = "none"
"""The class of a line that means none of the others."""
WINDOW, STEP = 12, 4
"""Words judged together, for in a long story one danger would be little among many words; and the step to the next."""
_MIN_CONTRIBUTION_RATIO = 0.4
"""The share of the loudest word's voice from which another is named beside it."""
_LINE_BOUNDARY = "-"

Shares = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Classification:
    """How likely, 0 to 1, a line means anything at all; what most likely, and how likely that."""

    any_probability: float
    code: str
    class_probability: float
    first: int
    end: int
    """The words judged: `words[first:end]`."""


class Classifier:
    """The weights of a file, ready: `classes` names, `rarity` (marks,), `weights` (marks, classes), `bias` (classes,).

    Of the marks there are only so many; two that fall together are weighed together.
    """

    def __init__(self, file: Path) -> None:
        with np.load(file) as kept:
            self._classes = [str(name) for name in kept["classes"]]
            self._feature_idf = kept["rarity"].astype(np.float32)
            self._weights = kept["weights"].astype(np.float32)
            self._bias = kept["bias"].astype(np.float32)
        self._no_class_index = self._classes.index(NONE)

    def predict_strongest_part(self, words: Sequence[Word]) -> Classification:
        """What the line most likely means, if anything; of a long one the part that most likely means something."""
        starts = range(0, max(len(words) - WINDOW + STEP, 1), STEP)
        parts = (self._predict_part(words, at, min(at + WINDOW, len(words))) for at in starts)
        return max(parts, key=lambda part: part.any_probability)

    def predict_probabilities(self, words: Sequence[Word]) -> dict[str, float]:
        """How likely, 0 to 1, the whole line means each of the classes, NONE among them where it is one."""
        return dict(zip(self._classes, self._compute_probabilities(words).tolist(), strict=True)) if words else {}

    def explain_prediction(self, words: Sequence[Word], prediction: Classification) -> tuple[str, int]:
        """The words that speak for an opinion most, and which of the line's they are: a bit each."""
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
        weighed = [weigh(marks, self._feature_idf) for marks in list_marks(words, len(self._feature_idf))]
        scores: Shares = self._bias + sum(values @ self._weights[numbers] for numbers, values in weighed)
        shares: Shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        return shares

    def _score_words(self, words: Sequence[Word], best: int) -> list[float]:
        """How loudly each word speaks for a class; those who share a mark share its voice."""
        count = len(self._feature_idf)
        lemmas, pairs = _list_lemmas(words, count), _list_bigrams(words, count)
        whole = [{lemmas[at], pairs[at], pairs[at + 1]} for at in range(len(words))]
        pieces = [{piece % count for piece in _list_ngrams(word.text)} for word in words]
        spoken = [0.0] * len(words)
        for marks, own in zip(list_marks(words, count), (whole, pieces), strict=True):
            numbers, values = weigh(marks, self._feature_idf)
            voices = values * (self._weights[numbers, best] - self._weights[numbers, self._no_class_index])
            sayers = Counter(chain.from_iterable(own))
            voice = {mark: one / sayers[mark] for mark, one in zip(marks, voices.tolist(), strict=True)}
            spoken = [before + sum(voice[mark] for mark in said) for before, said in zip(spoken, own, strict=True)]
        return spoken


def list_marks(words: Sequence[Word], feature_count: int) -> tuple[list[int], list[int]]:
    """The marks of a line, numbered below `feature_count`, each once: first lemmas and pairs, then pieces."""
    lemmas, pairs = _list_lemmas(words, feature_count), _list_bigrams(words, feature_count)
    whole = chain(chain.from_iterable(zip(lemmas, pairs, strict=False)), pairs[-1:])
    pieces = [piece % feature_count for word in words for piece in _list_ngrams(word.text)]
    return list(dict.fromkeys(whole)), list(dict.fromkeys(pieces))


def weigh(features: Sequence[int], idf: Shares) -> tuple[NDArray[np.intp], Shares]:
    """The numbers of marks and their values, whose squares are 1 together."""
    numbers = np.array(features, np.intp)
    values = idf[numbers]
    return numbers, values / max(float(np.sqrt(values @ values)), 1e-6)


def _list_lemmas(words: Sequence[Word], count: int) -> list[int]:
    return [_hash_feature(word.lemma) % count for word in words]


def _list_bigrams(words: Sequence[Word], count: int) -> list[int]:
    """Each lemma with the one before it, and the ends of the line: one more than there are words."""
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
    """Not numbered below a count yet."""
    edged = f"<{word}>"
    return tuple(crc32(edged[at : at + length].encode()) for length in PIECES for at in range(len(edged) - length + 1))

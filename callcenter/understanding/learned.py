"""How likely a line means a danger, learned from lines whose meaning people wrote down: a second opinion.

The phrases (`danger.py`) act in the middle of a sentence and tell a denial from an alarm, but find only what somebody
thought of. Here a logistic regression weighs the line's lemmas, their pairs, and pieces of its words of three to five
letters, so that it may also speak for words that no phrase has. The weights come from `meaning_model/`; here they are
only added up: the same line gets the same answer, and the words that speak for it most are named.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from callcenter.understanding.words import Word

WEIGHTS = Path(__file__).with_name("learned.npz")
BUCKETS = 1 << 16
"""Marks are told apart by so many numbers; two that share one are weighed together."""
PIECES = (3, 4, 5)
"""Letters."""
NONE = "none"
"""The class of a line that means no danger."""
_SPEAKS = 0.4
"""The share of the loudest word's voice from which another is named beside it."""
_EDGE = "-"
WINDOW, STEP = 12, 4
"""Words judged together, for in a long story one danger would be little among many words; and the step to the next."""

Matrix = NDArray[np.float32]
Marks = dict[int, set[int]]
"""Buckets, each with the places of the words that have its mark."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """How likely, 0 to 1, a line means any danger; which one, and by which of its words."""

    likely: float
    code: str
    words: str


class Learned:
    """The weights of a file, ready: `classes` names, `rarity` (buckets,), `weights` (buckets, classes), `bias`."""

    def __init__(self, file: Path = WEIGHTS) -> None:
        with np.load(file) as kept:
            self._classes = [str(name) for name in kept["classes"]]
            self._rarity: Matrix = kept["rarity"].astype(np.float32)
            self._weights: Matrix = kept["weights"].astype(np.float32)
            self._bias: Matrix = kept["bias"].astype(np.float32)
        self._none = self._classes.index(NONE)
        self._speaks: Matrix = self._weights - self._weights[:, [self._none]]

    def judge(self, words: Sequence[Word]) -> Opinion:
        """What the line most likely means, if it means a danger at all; of a long one its most alarming part."""
        if not words:
            return Opinion(0.0, NONE, "")
        starts = range(0, max(len(words) - WINDOW + STEP, 1), STEP)
        return max((self._judge(words[at : at + WINDOW]) for at in starts), key=lambda one: one.likely)

    def _judge(self, words: Sequence[Word]) -> Opinion:
        groups = list_marks(words)
        voices = [weigh(marks, self._rarity) for marks in groups]
        scores = self._bias + sum(values @ self._weights[buckets] for buckets, values in voices)
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        likely = float(1 - shares[self._none])
        best = int(np.argmax(np.where(np.arange(len(shares)) == self._none, -1.0, shares)))
        spoken = np.zeros(len(words), np.float32)
        for marks, (buckets, values) in zip(groups, voices, strict=True):
            for voice, sayers in zip(values * self._speaks[buckets, best], marks.values(), strict=True):
                spoken[list(sayers)] += voice / len(sayers)
        loud = spoken >= max(spoken.max(initial=0.0) * _SPEAKS, 1e-6)
        said = " ".join(word.text for word, heard in zip(words, loud, strict=True) if heard)
        return Opinion(likely, self._classes[best], said)


def list_marks(words: Sequence[Word]) -> tuple[Marks, Marks]:
    """The marks of a line by their bucket, each with the places of its words: first lemmas and pairs, then pieces."""
    lemmas = [_EDGE, *(word.lemma for word in words), _EDGE]
    whole: Marks = {}
    for at in range(1, len(lemmas)):
        if at < len(lemmas) - 1:
            whole.setdefault(_bucket(lemmas[at]), set()).add(at - 1)
        sayers = {place for place in (at - 2, at - 1) if 0 <= place < len(words)}
        whole.setdefault(_bucket(f"{lemmas[at - 1]} {lemmas[at]}"), set()).update(sayers)
    pieces: Marks = {}
    for at, word in enumerate(words):
        for piece in _cut(f"<{word.text}>"):
            pieces.setdefault(_bucket(piece), set()).add(at)
    return whole, pieces


def weigh(marks: Marks, rarity: Matrix) -> tuple[NDArray[np.intp], Matrix]:
    """The buckets of marks and their values, whose squares are 1 together."""
    buckets = np.fromiter(marks, np.intp, len(marks))
    values = rarity[buckets]
    return buckets, values / max(float(np.sqrt(values @ values)), 1e-6)


def _bucket(mark: str) -> int:
    return crc32(mark.encode()) % BUCKETS


def _cut(word: str) -> Iterator[str]:
    for length in PIECES:
        yield from (word[at : at + length] for at in range(len(word) - length + 1))

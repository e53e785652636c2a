"""What a line means, learned from lines whose meaning people wrote down: a second opinion on dangers and categories.

The phrases act in the middle of a sentence, tell a denial from an alarm, and can be mended in words, but find only what
somebody thought of. Here a logistic regression weighs the line's lemmas, their pairs, and pieces of its words of three
to five letters, so that it may also speak for words that no phrase has. The weights come from `meaning_model/`; here
they are only added up: the same line gets the same answer, and the words that speak for it most are named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from callcenter.understanding.words import Word

OF_DANGERS = Path(__file__).with_name("learned_dangers.npz")
OF_CATEGORIES = Path(__file__).with_name("learned_categories.npz")
PIECES = (3, 4, 5)
"""Letters."""
NONE = "none"
"""The class of a line that means none of the others."""
WINDOW, STEP = 12, 4
"""Words judged together, for in a long story one danger would be little among many words; and the step to the next."""
_SPEAKS = 0.4
"""The share of the loudest word's voice from which another is named beside it."""
_EDGE = "-"

Shares = NDArray[np.float32]
Marks = dict[int, set[int]]
"""Numbers of marks, each with the places of the words that have it."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """How likely, 0 to 1, a line means anything at all; what most likely, how likely that, and by which words."""

    likely: float
    code: str
    share: float
    words: str
    mask: int = 0
    """Which of the line's words: a bit each."""


class Learned:
    """The weights of a file, ready: `classes` names, `rarity` (marks,), `weights` (marks, classes), `bias` (classes,).

    Of the marks there are only so many; two that fall together are weighed together.
    """

    def __init__(self, file: Path) -> None:
        with np.load(file) as kept:
            self._classes = [str(name) for name in kept["classes"]]
            self._rarity = kept["rarity"].astype(np.float32)
            self._weights: NDArray[np.float16] = kept["weights"]
            self._bias = kept["bias"].astype(np.float32)
        self._none = self._classes.index(NONE)

    def find_worst(self, words: Sequence[Word]) -> Opinion:
        """What the line most likely means, if anything; of a long one the part that most likely means something."""
        starts = range(0, max(len(words) - WINDOW + STEP, 1), STEP)
        parts = ((at, self.judge(words[at : at + WINDOW])) for at in starts)
        at, worst = max(parts, key=lambda part: part[1].likely)
        return Opinion(worst.likely, worst.code, worst.share, worst.words, worst.mask << at)

    def judge(self, words: Sequence[Word]) -> Opinion:
        """What the whole line most likely means, if anything."""
        if not words:
            return Opinion(0.0, NONE, 0.0, "")
        groups = list_marks(words, len(self._rarity))
        weighed = [weigh(marks, self._rarity) for marks in groups]
        rows = [self._weights[numbers].astype(np.float32) for numbers, _ in weighed]
        scores = self._bias + sum(values @ row for row, (_, values) in zip(rows, weighed, strict=True))
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        best = int(np.argmax(np.where(np.arange(len(shares)) == self._none, -1.0, shares)))
        spoken = np.zeros(len(words), np.float32)
        for marks, row, (_, values) in zip(groups, rows, weighed, strict=True):
            sayers = [len(places) for places in marks.values()]
            voices = values * (row[:, best] - row[:, self._none]) / sayers
            np.add.at(spoken, [place for places in marks.values() for place in places], np.repeat(voices, sayers))
        loud = np.flatnonzero(spoken >= max(spoken.max() * _SPEAKS, 1e-6))
        said = " ".join(words[int(at)].text for at in loud)
        return Opinion(
            float(1 - shares[self._none]),
            self._classes[best],
            float(shares[best]),
            said,
            sum(1 << int(at) for at in loud),
        )


def list_marks(words: Sequence[Word], count: int) -> tuple[Marks, Marks]:
    """The marks of a line, numbered below `count`: first lemmas and pairs, then pieces."""
    lemmas = [_EDGE, *(word.lemma for word in words), _EDGE]
    whole: Marks = {}
    for at in range(1, len(lemmas)):
        if at < len(lemmas) - 1:
            whole.setdefault(_number(lemmas[at], count), set()).add(at - 1)
        sayers = {place for place in (at - 2, at - 1) if 0 <= place < len(words)}
        whole.setdefault(_number(f"{lemmas[at - 1]} {lemmas[at]}", count), set()).update(sayers)
    pieces: Marks = {}
    for at, word in enumerate(words):
        for piece in _list_pieces(word.text, count):
            pieces.setdefault(piece, set()).add(at)
    return whole, pieces


def weigh(marks: Marks, rarity: Shares) -> tuple[NDArray[np.intp], Shares]:
    """The numbers of marks and their values, whose squares are 1 together."""
    numbers = np.fromiter(marks, np.intp, len(marks))
    values = rarity[numbers]
    return numbers, values / max(float(np.sqrt(values @ values)), 1e-6)


def _number(mark: str, count: int) -> int:
    return crc32(mark.encode()) % count


@lru_cache(maxsize=65536)
def _list_pieces(word: str, count: int) -> tuple[int, ...]:
    edged = f"<{word}>"
    cuts = ((at, at + length) for length in PIECES for at in range(len(edged) - length + 1))
    return tuple(_number(edged[begin:end], count) for begin, end in cuts)

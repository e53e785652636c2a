"""Trains the weights anew: `python -m meaning_model.train` (`make meaning-model`), in a minute.

Deterministic: the same lines give the same weights, but for the last digits of another processor.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from callcenter.understanding.learned import BUCKETS, NONE, WEIGHTS, list_marks, weigh
from callcenter.understanding.phrase_checks import NOTHING
from callcenter.understanding.phrase_files import PhraseReader
from callcenter.understanding.understanding import read_phrases
from callcenter.understanding.words import read_words

HERE = Path(__file__).parent
SETS = HERE.parent / "tests" / "understanding" / "sets"
LINES = HERE / "lines.jsonl"
SOURCES = (
    *(SETS / f"{name}.jsonl" for name in ("development", "second_development", "strangers")),
    LINES,
)
PHRASES = HERE.parent / "knowledge_base" / "phrases"
"""Whose tests say what short lines mean."""
STRICTNESS = 30.0
"""scikit-learn's C: the more, the less the weights are held back. Chosen on a fifth of the lines, see README.md."""
_LEAST = 0.02
"""Weights below are left out: together they change no answer."""

Lines = Sequence[Mapping[str, Any]]


def read_lines(sources: Iterable[Path] = SOURCES) -> list[dict[str, Any]]:
    """The lines whose danger is judged."""
    lines = [json.loads(line) for file in sources for line in file.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if "danger" in line and "danger" not in line.get("open", "")]


def read_sayings(phrases: Path = PHRASES) -> list[dict[str, Any]]:
    """The lines by which the phrases are tested; those of a category that is a danger by itself tell no more."""
    reader = PhraseReader(phrases)
    dangers = read_phrases(phrases).dangers
    leading = {note for entry in dangers for note in (entry.notes["category"], entry.notes.get("also", ""))}
    of_dangers = reader.read_sayings("dangers")
    others = [saying for saying in reader.read_sayings("categories") if saying.key not in leading]
    return [
        *({"text": saying.text, "danger": None if saying.key == NOTHING else saying.key} for saying in of_dangers),
        *({"text": saying.text, "danger": None} for saying in others),
    ]


def train(lines: Lines) -> dict[str, np.ndarray]:
    """The arrays of `learned.npz`; see `Learned`."""
    marks = [list_marks(read_words(line["text"])) for line in lines]
    seen = np.zeros(BUCKETS)
    for both in marks:
        for bucket in {bucket for group in both for bucket in group}:
            seen[bucket] += 1
    rarity = np.where(seen > 0, np.log((1 + len(lines)) / (1 + seen)) + 1, 0).astype(np.float32)
    rows, columns, values = [], [], []
    for row, both in enumerate(marks):
        for group in both:
            buckets, weighed = weigh(group, rarity)
            rows += [row] * len(buckets)
            columns += buckets.tolist()
            values += weighed.tolist()
    table = csr_matrix((values, (rows, columns)), shape=(len(lines), BUCKETS))
    model = LogisticRegression(C=STRICTNESS, max_iter=2000).fit(table, [line["danger"] or NONE for line in lines])
    weights = np.where(np.abs(model.coef_.T) < _LEAST, 0, model.coef_.T)
    return {
        "classes": np.array(model.classes_),
        "rarity": rarity.astype(np.float16),
        "weights": weights.astype(np.float16),
        "bias": model.intercept_.astype(np.float32),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args(arguments)
    lines = [*read_lines(), *read_sayings()]
    np.savez_compressed(options.out, **train(lines))
    dangers = sum(line["danger"] is not None for line in lines)
    print(f"{options.out}: {len(lines)} lines, {dangers} of them dangers; {options.out.stat().st_size >> 10} KB")


if __name__ == "__main__":
    main()

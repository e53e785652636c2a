"""Trains the weights anew: `python -m meaning_model.train [--only dangers]` (`make meaning-model`), in two minutes.

Deterministic: the same lines give the same weights, but for the last digits of another processor.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from callcenter.understanding.intents.intents import TROUBLE, Intent
from callcenter.understanding.learned.classifiers import (
    NONE,
    OF_ARTICLES,
    OF_CATEGORIES,
    OF_DANGERS,
    OF_INTENTS,
    WINDOW,
    compute_tfidf,
    extract_features,
)
from callcenter.understanding.phrases.checks import NOTHING
from callcenter.understanding.phrases.phrase_files import PhraseReader
from callcenter.understanding.understanding import read_phrases
from callcenter.understanding.words import read_words

HERE = Path(__file__).parent
SETS = HERE.parent / "tests" / "understanding" / "sets"
LINES, HEARD = HERE / "lines.jsonl", HERE / "heard.jsonl"
SOURCES = (
    *(SETS / f"{name}.jsonl" for name in ("development", "second_development", "strangers")),
    LINES,
    HEARD,
)
PHRASES = HERE.parent / "knowledge_base" / "phrases"
"""Whose tests say what short lines mean."""

CURATED = 3.0
"""How much a line of the sets and of the tests of phrases counts beside one of LINES: it was looked at again."""
PART_STEP, PART_COUNTS = 6, 0.5
"""From one part of a long line to the next, in words; how much a part counts beside the line."""

Known = tuple[str, str, float]
"""A line, its class, and how much it counts."""


@dataclass(frozen=True)
class Task:
    """`read` gives the lines; `feature_count`: how many are told apart; `inverse_regularization`: scikit-learn's C,
    the more, the less the weights are held back (README.md tells how they were chosen); weights below `min_weight`
    are left out."""

    file: Path
    read: Callable[[], Sequence[Known]]
    feature_count: int
    inverse_regularization: float
    min_weight: float


def read_lines(sources: Iterable[Path] = SOURCES) -> Iterator[tuple[dict[str, Any], float]]:
    """The lines of the sets, and how much each counts."""
    for file in sources:
        for line in file.read_text(encoding="utf-8").splitlines():
            yield json.loads(line), CURATED if file.parent == SETS else 1.0


def read_dangers() -> list[Known]:
    """Lines with their danger, and the parts of long lines without one, for a line is judged part by part. Of the tests
    of the categories those of a danger's own tell no more."""
    leading = {entry.attributes["category"] for entry in read_phrases(PHRASES).dangers}
    known: list[Known] = [
        *(
            (line["text"], line["danger"] or NONE, counts)
            for line, counts in read_lines()
            if "danger" in line and "danger" not in line.get("open", "")
        ),
        *_read_test_cases("dangers"),
        *((text, NONE, counts) for text, code, counts in _read_test_cases("categories") if code not in leading),
    ]
    return known + [
        (part, NONE, counts * PART_COUNTS)
        for text, code, counts in known
        if code == NONE
        for part in _split_long_line(text)
    ]


def _split_long_line(text: str) -> Iterator[str]:
    """The parts of a line that is longer than what is judged at once."""
    words = text.split()
    if len(words) > WINDOW:
        for first in range(0, len(words) - PART_STEP, PART_STEP):
            yield " ".join(words[first : first + WINDOW])


def read_categories() -> list[Known]:
    """Lines with their chief category."""
    return [
        *(
            (line["text"], (*line["categories"], NONE)[0], counts)
            for line, counts in read_lines()
            if "categories" in line
        ),
        *_read_test_cases("categories"),
    ]


def read_intents() -> list[Known]:
    """Lines with what is wanted; whether a trouble is an emergency tells its category."""
    lines = [(line["text"], line["intent"], counts) for line, counts in read_lines() if "intent" in line]
    renamed = {Intent.EMERGENCY: TROUBLE, Intent.REQUEST: TROUBLE, Intent.UNCLEAR: NONE}
    return [
        (text, renamed.get(intent, intent), counts) for text, intent, counts in (*lines, *_read_test_cases("intents"))
    ]


def read_questions() -> list[Known]:
    """Lines with the article that answers, and some that none answers."""
    return [
        *((line["text"], line["article"] or NONE, counts) for line, counts in read_lines() if "article" in line),
        *_read_test_cases("articles"),
    ]


def _read_test_cases(name: str) -> Iterator[Known]:
    """The lines by which the phrases are tested."""
    for saying in PhraseReader(PHRASES).read_test_cases(name):
        yield saying.text, NONE if saying.expected_key == NOTHING else saying.expected_key, CURATED


TASKS = {
    "dangers": Task(OF_DANGERS, read_dangers, 1 << 16, 30.0, 0.02),
    "categories": Task(OF_CATEGORIES, read_categories, 1 << 15, 30.0, 0.05),
    "intents": Task(OF_INTENTS, read_intents, 1 << 15, 20.0, 0.05),
    "articles": Task(OF_ARTICLES, read_questions, 1 << 15, 20.0, 0.05),
}


def train(
    examples: Sequence[Known], *, feature_count: int, inverse_regularization: float, min_weight: float
) -> Mapping[str, Any]:
    """The arrays of a file; see `Learned`."""
    # Imported here: they take seconds, and who only reads the lines needs neither.
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    marked = [extract_features(read_words(text), feature_count) for text, _, _ in examples]
    seen = Counter(number for groups in marked for number in {number for group in groups for number in group})
    rarity = np.zeros(feature_count, np.float32)
    for number, lines in seen.items():
        rarity[number] = np.log((1 + len(examples)) / (1 + lines)) + 1
    rows, columns, values = [], [], []
    for row, groups in enumerate(marked):
        for group in groups:
            numbers, weighed = compute_tfidf(group, rarity)
            rows += [row] * len(numbers)
            columns += numbers.tolist()
            values += weighed.tolist()
    table = csr_matrix((values, (rows, columns)), shape=(len(examples), feature_count))
    model = LogisticRegression(C=inverse_regularization, max_iter=1000, tol=1e-3).fit(
        table, [code for _, code, _ in examples], [counts for _, _, counts in examples]
    )
    return {
        "classes": np.array(model.classes_),
        "rarity": rarity.astype(np.float16),
        "weights": np.where(np.abs(model.coef_.T) < min_weight, 0, model.coef_.T).astype(np.float16),
        "bias": model.intercept_.astype(np.float32),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=TASKS)
    only = parser.parse_args(arguments).only
    for name in [only] if only else TASKS:
        task = TASKS[name]
        known = task.read()
        np.savez_compressed(
            task.file,
            **train(
                known,
                feature_count=task.feature_count,
                inverse_regularization=task.inverse_regularization,
                min_weight=task.min_weight,
            ),
        )
        none = sum(code == NONE for _, code, _ in known)
        print(f"{name}: {len(known)} lines, {none} of them none; {task.file.name}, {task.file.stat().st_size >> 10} KB")


if __name__ == "__main__":
    main()

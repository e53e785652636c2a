"""The evaluation set stays as it was written: before the phrases, in two halves, never bent to a result."""

import csv
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from meaning_model.train import HEARD, LINES, read_lines

SETS = Path(__file__).parent / "sets"
KNOWLEDGE = Path(__file__).parents[2] / "knowledge_base"
FROZEN = {
    "development.jsonl": "d5faba85430d1bea066ec9abccd5547c16c17025ec83ec40f1813b9b9bf75a14",
    "test.jsonl": "3d62a74579455112d86a5226a02e51c39db63138a3d10b389dfca31139327371",
    "second_development.jsonl": "941a5335d06083db867eede64c0a9665b9421a8dcd1c255753d1ded0712ba9bc",
    "second_test.jsonl": "d26b39dfe9a51bc73e2358139ab63e25c11310ced1ba5f9572ab803a0e2c0fd4",
    "outsider.jsonl": "2fd5b3f408e21ac50eebe4b8b64ddcc8899c7a69038ad94e981379634c24b53a",
    "examiners.jsonl": "af44928e29b73acc59eef435ae4d8a275fe70f818fb231cff9b534b123cb0ee9",
    "callers.jsonl": "4a2c54934550c3e5b2ae9887783d61b590ae125861b3accfddc594017bfb3555",
}
FIRST, SECOND, GROWING = (*FROZEN,)[:2], (*FROZEN,)[2:4], "strangers.jsonl"
INTENTS = {
    *("emergency", "request", "outage", "information", "status", "reading"),
    *("complaint", "paid", "cancel", "person", "wrong_number", "unclear"),
}


def read_set(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SETS / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", FROZEN)
def test_a_half_is_the_one_that_was_frozen(name: str) -> None:
    assert hashlib.sha256((SETS / name).read_bytes()).hexdigest() == FROZEN[name]


def test_the_halves_share_no_line_and_each_knows_every_intent() -> None:
    development, test = (read_set(name) for name in FIRST)
    texts = [line["text"] for line in development + test]
    assert len(texts) == len(set(texts)) == 800
    for half in (development, test):
        assert {line["intent"] for line in half} == INTENTS


def test_each_half_of_the_second_set_knows_every_danger_and_as_many_lines_that_are_none() -> None:
    for name in SECOND:
        dangers = Counter(line["danger"] for line in read_set(name) if "danger" in line)
        assert len(dangers) == 7
        assert min(dangers.values()) >= 12
        assert dangers[None] >= sum(dangers.values()) / 2
    texts = [line["text"] for name in SECOND for line in read_set(name)]
    assert len(texts) == len(set(texts)) == 826


def test_the_growing_set_repeats_no_line() -> None:
    texts = [line["text"] for line in read_set(GROWING)]
    assert len(texts) == len({*texts} - {line["text"] for name in FROZEN for line in read_set(name)})


def test_no_line_that_is_measured_is_learned_from() -> None:
    learned = {line["text"] for line, _ in read_lines([LINES, HEARD])}
    measured = {line["text"] for name in FROZEN if "development" not in name for line in read_set(name)}
    assert learned.isdisjoint(measured)


def test_every_category_and_every_article_is_asked_for() -> None:
    lines = [line for name in FIRST for line in read_set(name)]
    codes = {entry["code"] for entry in yaml.safe_load((KNOWLEDGE / "categories.yaml").read_text())["categories"]}
    asked = Counter(code for line in lines for code in line["categories"])
    assert {code for code in codes - {"UNCLEAR"} if asked[code] < 4} == set()
    assert set(asked) <= codes
    articles = Counter(line["article"] for line in lines if "article" in line)
    assert {f"KB{number:02}" for number in range(1, 43) if articles[f"KB{number:02}"] < 2} == set()


def test_the_addresses_are_spelled_as_the_house_list_spells_them() -> None:
    rows = (KNOWLEDGE / "houses.csv").read_text(encoding="utf-8").splitlines()
    houses = list(csv.DictReader((row for row in rows if not row.startswith("#")), delimiter=";"))
    for line in (line for name in (*FROZEN, GROWING) for line in read_set(name)):
        said = {part: value for part, value in line.get("address", {}).items() if part in houses[0]}
        assert any(all(house[part] == value for part, value in said.items()) for house in houses), line["text"]

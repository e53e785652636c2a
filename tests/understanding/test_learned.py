"""What was learned is a second opinion: it names its words, bears long stories, and never speaks against the phrases
where they know better."""

from pathlib import Path

import numpy as np
import pytest

from callcenter.understanding.learned import NONE, WINDOW, Learned
from callcenter.understanding.understanding import Understanding, read_understanding
from callcenter.understanding.words import read_words
from meaning_model.train import read_lines, train

KNOWLEDGE = Path(__file__).parents[2] / "knowledge_base"
UNWRITTEN = "конфорку не закрыла и теперь дышать нечем голова кружится"
"""As no phrase says it."""


@pytest.fixture(scope="module")
def learned() -> Learned:
    return Learned()


@pytest.fixture(scope="module")
def understanding() -> Understanding:
    read, _ = read_understanding(KNOWLEDGE, KNOWLEDGE / "houses.csv")
    return read


def test_it_hears_a_danger_that_no_phrase_has_and_names_the_words(understanding: Understanding) -> None:
    (danger,) = understanding.find_danger(UNWRITTEN)
    assert (danger.code, danger.category) == ("GAS_SMELL", "GAS_SMELL")
    assert "конфорку" in danger.words
    assert danger.phrase.startswith("learned, 0.")


def test_it_waits_for_the_end_of_what_is_said(understanding: Understanding) -> None:
    assert not any(danger.settled for danger in understanding.find_danger(UNWRITTEN))


@pytest.mark.parametrize("line", ["газом не пахнет", "вчера в лифте застряли", "а если запахнет газом куда звонить"])
def test_phrases_that_find_a_danger_denied_know_better(understanding: Understanding, line: str) -> None:
    assert understanding.find_danger(line) == ()


def test_an_address_is_nothing_that_speaks_against_a_danger(understanding: Understanding) -> None:
    (danger,) = understanding.find_danger("пожар тихая одиннадцать вторая парадная")
    assert danger.code == "FIRE_SMOKE"


def test_a_danger_in_a_long_story_is_not_drowned(learned: Learned) -> None:
    story = read_words("здравствуйте я живу тут давно и хочу рассказать вам про наш двор и про соседей " * 4)
    assert len(story) > 2 * WINDOW
    alarming = read_words(UNWRITTEN)
    assert learned.judge(story).likely < 0.5
    assert learned.judge([*story, *alarming, *story]).code == learned.judge(alarming).code
    assert learned.judge([*story, *alarming, *story]).likely > 0.5


def test_nothing_said_is_nothing(learned: Learned) -> None:
    assert learned.judge(()).likely == 0


def test_the_same_lines_give_the_same_weights_and_these_know_their_lines(tmp_path: Path) -> None:
    lines = read_lines()[::20]
    first, again = train(lines), train(lines)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    np.savez(tmp_path / "few.npz", **first)
    few = Learned(tmp_path / "few.npz")
    opinions = [few.judge(read_words(line["text"])) for line in lines]
    right = [
        (opinion.code if opinion.likely > 0.5 else NONE) == (line["danger"] or NONE)
        for opinion, line in zip(opinions, lines, strict=True)
    ]
    assert sum(right) / len(right) > 0.95

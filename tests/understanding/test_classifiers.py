"""What was learned is a second opinion: it names its words, bears long stories, and never speaks against the phrases
where they know better."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from callcenter.understanding.learned.classifiers import NONE, OF_CATEGORIES, OF_DANGERS, WINDOW, Classifier
from callcenter.understanding.understanding import Understanding, read_understanding
from callcenter.understanding.words import read_words
from meaning_model.train import read_dangers, train

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
KNOWLEDGE = Path(__file__).parents[2] / "knowledge_base"
UNWRITTEN = "конфорку не закрыла и теперь дышать нечем голова кружится"
"""As no phrase says it."""


@pytest.fixture(scope="module")
def learned() -> Classifier:
    return Classifier(OF_DANGERS)


@pytest.fixture(scope="module")
def understanding() -> Understanding:
    read, _ = read_understanding(KNOWLEDGE, KNOWLEDGE / "houses.csv")
    return read


def test_it_hears_a_danger_that_no_phrase_has_and_names_the_words(understanding: Understanding) -> None:
    (danger,) = understanding.find_danger(UNWRITTEN)
    assert (danger.code, danger.category) == ("GAS_SMELL", "GAS_SMELL")
    assert "конфорку" in danger.words
    assert danger.phrase.startswith("learned, ")


def test_it_waits_for_the_end_of_what_is_said(understanding: Understanding) -> None:
    assert not any(danger.settled for danger in understanding.find_danger(UNWRITTEN))
    assert understanding.find_danger(UNWRITTEN, is_final=False) == ()


@pytest.mark.parametrize("line", ["газом не пахнет", "вчера в лифте застряли", "а если запахнет газом куда звонить"])
def test_phrases_that_find_a_danger_denied_know_better(understanding: Understanding, line: str) -> None:
    assert understanding.find_danger(line) == ()


@pytest.mark.parametrize(
    ("line", "code"),
    [("пожар тихая одиннадцать вторая парадная", "FIRE_SMOKE"), ("пропал ребёнок нигде его нет", "PERSON_DANGER")],
)
def test_what_a_phrase_finds_is_never_overruled(understanding: Understanding, line: str, code: str) -> None:
    assert [danger.code for danger in understanding.find_danger(line)] == [code]


def test_a_danger_in_a_long_story_is_not_drowned(learned: Classifier) -> None:
    story = read_words("здравствуйте я живу тут давно и хочу рассказать вам про наш двор и про соседей " * 4)
    assert len(story) > 2 * WINDOW
    alarming = read_words(UNWRITTEN)
    assert learned.predict_strongest_part(story).any_probability < 0.5
    found = learned.predict_strongest_part([*story, *alarming, *story])
    assert (found.code, found.any_probability > 0.5) == (learned.predict_strongest_part(alarming).code, True)
    _, mask = learned.explain_prediction([*story, *alarming, *story], found)
    assert mask.bit_length() in range(len(story) + 1, len(story) + len(alarming) + 1)


def test_nothing_said_is_nothing(learned: Classifier) -> None:
    assert learned.predict_strongest_part(()).any_probability == 0
    assert learned.predict_probabilities(()) == {}


def test_a_category_that_no_phrase_hears_is_told_with_its_words(understanding: Understanding) -> None:
    line = "соседи сверху опять до ночи пляшут и музыку гоняют спать не дают"
    learned, words = Classifier(OF_CATEGORIES), read_words(line)
    best = learned.predict_strongest_part(words)
    assert best.code == "NOISE_NEIGHBOR"
    assert best.class_probability > 0.6
    assert "соседи" in learned.explain_prediction(words, best)[0]
    assert understanding.understand(line, now=NOW).category == "NOISE_NEIGHBOR"


def test_the_same_lines_give_the_same_weights_and_these_know_their_lines(tmp_path: Path) -> None:
    known = read_dangers()[::20]
    first, again = (train(known, feature_count=1 << 14, inverse_regularization=30.0, min_weight=0.02) for _ in range(2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    np.savez(tmp_path / "few.npz", **first)
    few = Classifier(tmp_path / "few.npz")
    shares = [(few.predict_probabilities(read_words(text)), code) for text, code, _ in known]
    right = [(max(one, key=lambda meant: one[meant]) if one[NONE] < 0.5 else NONE) == code for one, code in shares]
    assert sum(right) / len(right) > 0.95

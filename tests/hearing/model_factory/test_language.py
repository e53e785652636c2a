"""The n-gram model: probabilities that add up, histories that are used, words that nobody said."""

import math
from collections import defaultdict

import pytest

from callcenter.hearing.model_factory.language import Language

WORDS = {word: number for number, word in enumerate(("вода", "газ", "дом", "нет", "света"), 1)}


@pytest.fixture
def language() -> Language:
    language = Language(WORDS)
    for sentence in ("нет света", "нет света", "нет вода", "дом нет света", "газ чужое нет"):
        language.add_sentence(sentence)
    return language


def cost(language: Language, sentence: str) -> float:
    """Of the cheapest path."""
    arcs: defaultdict[int, list[tuple[int, int, float]]] = defaultdict(list)
    finals: dict[int, float] = {}
    start = None
    for line in language.write_arcs(WORDS):
        parts = line.split()
        start = int(parts[0]) if start is None else start
        if len(parts) == 2:
            finals[int(parts[0])] = float(parts[1])
        else:
            arcs[int(parts[0])].append((int(parts[1]), int(parts[2]), float(parts[4])))
    assert start is not None

    def walk(state: int, words: list[int]) -> float:
        best = finals.get(state, math.inf) if not words else math.inf
        for to, word, weight in arcs[state]:
            if word == 0:
                best = min(best, weight + walk(to, words))
            elif words and word == words[0]:
                best = min(best, weight + walk(to, words[1:]))
        return best

    return walk(start, [WORDS[word] for word in sentence.split()])


def test_what_was_said_costs_less_than_what_was_not(language: Language) -> None:
    assert cost(language, "нет света") < cost(language, "нет газ") < math.inf
    assert cost(language, "дом нет света") < cost(language, "света нет дом") < math.inf


def test_a_word_that_nobody_said_may_still_be_said(language: Language) -> None:
    assert cost(Language(WORDS), "газ") < math.inf


def test_the_shares_of_all_that_may_follow_add_up_to_one(language: Language) -> None:
    for context in ((), ("нет",), ("<s>",), ("нет", "света"), ("газ",)):
        total = sum(math.exp(-cost_after(language, context, word)) for word in (*WORDS, "</s>"))
        assert total == pytest.approx(1, abs=1e-6)


def cost_after(language: Language, context: tuple[str, ...], word: str) -> float:
    return -math.log(language.probability(context, word))


def test_a_strange_word_ends_what_is_known_of_the_history(language: Language) -> None:
    assert language.probability(("газ",), "нет") == pytest.approx(language.probability((), "нет"))

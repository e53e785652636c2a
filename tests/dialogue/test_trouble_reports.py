"""How much is understood of what is reported, and what a line reports beside what was said before."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from callcenter.dialogue.interpretation.trouble_reports import TroubleReports
from callcenter.houses.houses import Houses
from callcenter.knowledge.base import read_knowledge
from callcenter.settings import TREE
from callcenter.understanding.understanding import Meaning, Understanding, read_phrases
from callcenter.understanding.words import read_words

CATEGORIES = read_knowledge(TREE / "knowledge_base").categories
STORY = (
    "здравствуйте девушка у нас тут такое дело я живу на энгельса и вчера вечером пришёл домой а на кухне лужа воды"
    " и труба под раковиной капает я вызвал слесаря он обещал прийти но не пришёл и соседи снизу уже ругаются"
    " потому что у них потолок мокрый и лифт тоже стоит третий день и мусор не вывозят"
)


@pytest.fixture(scope="module")
def understanding() -> Understanding:
    phrases = read_phrases(TREE / "knowledge_base" / "phrases")
    return Understanding(phrases, Houses(()), CATEGORIES)


def understand_with(understanding: Understanding, asked: list[str]) -> Callable[[str], Meaning]:
    def understand(text: str) -> Meaning:
        asked.append(text)
        return understanding.understand(text, now=datetime(2026, 11, 24, tzinfo=UTC))

    return understand


@pytest.mark.parametrize("times", [2, 5])
def test_a_long_story_is_not_understood_again_at_each_word(understanding: Understanding, times: int) -> None:
    asked: list[str] = []
    text = " ".join([STORY] * times)
    reports = TroubleReports(understand_with(understanding, asked), CATEGORIES)
    assert dict(reports.extract(text, read_words(text), {}, address=""))
    assert len(asked) <= 20


PIPE = {"описание": "прорвало трубу", "категория": "WAT_LEAK_RISER", "ещё": ""}
COLD = {"описание": "батарея холодная", "категория": "HEAT_COLD_RAD", "ещё": ""}
LIFT = {"описание": "лифт не работает", "категория": "LIFT_FAULT", "ещё": ""}
TWO = {"описание": "нет воды и лифт не работает", "категория": "WAT_COLD_NONE", "ещё": "LIFT_FAULT"}


@pytest.mark.parametrize(
    ("facts", "said", "kind", "more"),
    [
        (PIPE, "нет не прорвало трубу а батарея холодная", "HEAT", ""),
        (PIPE, "нет не трубу прорвало а батарея холодная", "HEAT", ""),
        (PIPE, "нет это не прорвало трубу а домофон не работает", "ICOM", ""),
        (COLD, "не батарея холодная а лифт не работает", "LIFT", ""),
        ({}, "у нас не трубу прорвало а батарея холодная", "HEAT", ""),
        (TWO, "вода есть лифт не работает", "LIFT", ""),
        (LIFT, "домофон не работает а лифт стоит", "LIFT", "ICOM_FAULT"),
    ],
)
def test_a_denied_trouble_is_told_of_no_more(
    understanding: Understanding, facts: Mapping[str, str], said: str, kind: str, *, more: str
) -> None:
    reports = TroubleReports(understand_with(understanding, []), CATEGORIES)
    found = dict(reports.extract(said, read_words(said), facts, address=""))["неисправность"]
    assert (found["категория"].partition("_")[0], found["ещё"]) == (kind, more)


def test_a_middle_trouble_of_three_is_kept_where_the_whole_line_is_taken_for_a_fourth(
    understanding: Understanding,
) -> None:
    whole = "лифт не работает и домофон не работает и батарея холодная"

    def understand(text: str) -> Meaning:
        meaning = understand_with(understanding, [])(text)
        best = replace(meaning.categories[0], key="CLEAN_ENTRANCE")
        return replace(meaning, categories=(best, *meaning.categories)) if text == whole else meaning

    found = dict(TroubleReports(understand, CATEGORIES).extract(whole, read_words(whole), {}, address=""))[
        "неисправность"
    ]
    assert (found["категория"], found["ещё"]) == ("CLEAN_ENTRANCE", "ICOM_FAULT, HEAT_COLD_RAD")

"""The knowledge base that ships: sound, complete, and speakable."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from callcenter.knowledge.base import KnowledgeBase, read_knowledge
from callcenter.knowledge.categories import Urgency
from callcenter.settings import TREE
from callcenter.wording.spoken import normalize_for_speech

DIRECTORY = TREE / "knowledge_base"
TODAY = date(2026, 11, 24)
ALL = {f"KB{number:02}" for number in range(1, 43)}


@pytest.fixture(scope="module")
def base() -> KnowledgeBase:
    return read_knowledge(DIRECTORY)


def test_nothing_is_wrong_and_nothing_is_silent(base: KnowledgeBase) -> None:
    assert base.problems == ()
    assert base.find_unspoken(TODAY) == []


def test_all_reference_answers_are_spoken(base: KnowledgeBase) -> None:
    answers = base.render_answers(TODAY)
    assert {name for name in answers if name.startswith("KB")} == ALL
    assert "{" not in "".join(answers.values())


def test_every_answer_is_asked_for_in_many_ways(base: KnowledgeBase) -> None:
    wordings = [wording for article in base.articles for wording in article.wordings]
    assert [article.id for article in base.articles if len(article.wordings) < 3] == []
    assert len(wordings) == len(set(wordings))


def test_every_danger_has_words_for_the_robot(base: KnowledgeBase) -> None:
    answers = base.render_answers(TODAY)
    for category in base.categories:
        if category.urgency is Urgency.EMERGENCY:
            assert re.search(r"\b1(?:01|02|03|04|12)\b", answers[f"безопасность:{category.code}"]), category.code


def test_a_script_may_name_an_answer_that_is_silent_today(base: KnowledgeBase) -> None:
    later = date(2040, 1, 1)
    assert "KB27" in base.answer_names
    assert "KB27" not in base.render_answers(later)
    assert "безопасность:GAS_SMELL" in base.answer_names


def test_answers_are_short_enough_for_the_ear(base: KnowledgeBase) -> None:
    for name, answer in base.render_answers(TODAY).items():
        assert len(normalize_for_speech(answer).split()) <= 60, name


def test_seventy_categories_and_five_by_keys(base: KnowledgeBase) -> None:
    assert len(base.categories) == 70
    assert [category.menu_position for category in base.categories.menu_categories] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("code", "kind", "minutes"),
    [
        ("WAT_LEAK_RISER", "localise", 30),
        ("WAT_LEAK_RISER", "resolve", 3 * 24 * 60),
        ("SEW_CLOG_MAIN", "resolve", 120),
        ("CHUTE_CLOG", "resolve", 120),
        ("WAT_COLD_NONE", "check", 120),
        ("LIFT_TRAPPED", "resolve", 30),
        ("LIFT_FAULT", "resolve", 24 * 60),
        ("EL_NONE_FLAT", "resolve", 180),
        ("ACT_DAMAGE", "check", 12 * 60),
    ],
)
def test_the_terms_of_the_law(base: KnowledgeBase, code: str, kind: str, minutes: int) -> None:
    assert [rule.minutes for rule in base.categories[code].clocks if rule.kind == kind] == [minutes]


def test_what_no_law_sets_is_marked_as_the_companys_own(base: KnowledgeBase) -> None:
    for category in base.categories:
        for rule in (*category.clocks, *category.conditional_clocks):
            assert rule.is_company_rule == ("регламент" in rule.basis), category.code
            assert rule.source_status, category.code


@pytest.mark.parametrize(
    "code", ["GAS_SMELL", "FIRE_SMOKE", "PERSON_DANGER", "HEAT_HOT", "PESTS", "TELECOM", "UNCLEAR"]
)
def test_no_clock_is_invented_where_no_source_has_a_figure(base: KnowledgeBase, code: str) -> None:
    category = base.categories[code]
    assert (category.clocks, category.conditional_clocks, category.working_day_deadlines) == ((), (), ())


def test_the_callback_is_due_ten_minutes_after_the_calls_arrival(base: KnowledgeBase) -> None:
    figure = base.legal_values.find_value("CALLBACK_WITHIN", TODAY)
    assert (figure.value, figure.unit) == (10, "minutes")
    assert "416" in figure.basis


def test_problems_of_all_files_come_together(tmp_path: Path) -> None:
    directory = tmp_path / "knowledge_base"
    shutil.copytree(DIRECTORY, directory)
    (directory / "KB27-quiet-hours.md").write_text("тишина", encoding="utf-8")
    for name in ("categories.yaml", "company.yaml", "law.yaml"):
        (directory / name).unlink()
    broken = read_knowledge(directory)
    assert [problem.code for problem in broken.problems] == ["KB021", "CAT001", "COM001", "LAW001"]
    independent = {"KB09", "KB10", "KB12", "KB15", "KB19", "KB35", "KB36", "KB39"}
    assert {"KB34"} | independent == set(broken.render_answers(TODAY))  # the rest needs the company's facts

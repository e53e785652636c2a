"""The term that is told: a deadline, what a category promises without one, and that the law sets none."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcenter.conducting.terms import say_due, say_term
from callcenter.knowledge.base import read_knowledge
from callcenter.knowledge.categories import Category
from callcenter.settings import TREE

CATEGORIES = read_knowledge(TREE / "knowledge_base").categories
NOW = datetime(2026, 11, 30, 3, 54, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Moscow")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("HAZARD_YARD", "немедленно"),
        ("FACADE_DANGER", "немедленно"),
        ("EL_NONE_HOUSE", "немедленно"),
        ("GLASS_BROKEN", "в течение 24 часов зимой; в течение 3 суток летом"),
        ("VENT_BAD", "в течение 24 часов, если неплотен дымоход или газоход"),
        ("SNOW_ICE_YARD", "в течение 4 часов, считая с окончания снегопада"),
        ("SEAM_MOLD", "в рабочем порядке, ответ — в течение 10 рабочих дней"),
        (
            "YARD_IMPROVE",
            "в течение 24 часов, если оборудование опасно и его надо оградить; ответ — в течение 10 рабочих дней",
        ),
        ("GATE_BARRIER", "в течение 2 часов, если выезд заблокирован"),
        ("WAT_TAP_DRIP", "в течение 24 часов, если это общее имущество"),
        ("ICOM_FAULT", "в течение 2 рабочих дней"),
        ("PAID_WORK", "в то время, о котором вы договоритесь"),
        ("GAS_NONE", "в рабочем порядке: срок для неё законом не установлен"),
        ("UNCLEAR", "в рабочем порядке"),
        ("NO_SUCH", "в рабочем порядке"),
    ],
)
def test_a_category_without_a_clock_has_its_term_told_all_the_same(code: str, told: str) -> None:
    assert say_term(CATEGORIES.get(code), None, now=NOW, zone=ZONE) == told


WITHIN = r"(?:(?:\d*[02-9]|\d*1\d) (?:минут|часов|суток|рабочих дней)|(?:\d*[02-9])?1 (?:минуты|часа|дня|рабочего дня))"
TERM = rf"в течение {WITHIN}(?:, (?:если|считая с) [^;:.]+| (?:зимой|летом|в [а-яё]+ое время года))?"
TERMS = rf"{TERM}(?:; {TERM})*"
READS = rf"немедленно|{TERMS}(?:; ответ — {TERMS})?|в рабочем порядке, ответ — {TERMS}"
"""What may follow «Дежурный займётся ею» where there is a term."""


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category.code)
def test_what_is_told_of_every_category_reads_well_and_denies_no_term(category: Category) -> None:
    told = say_term(category, None, now=NOW, zone=ZONE)
    if category.clocks or category.conditional_clocks or category.working_day_deadlines:
        assert re.fullmatch(READS, told)
    else:
        assert re.fullmatch(r"немедленно|в рабочем порядке(: срок для неё законом не установлен)?|в то время, .+", told)


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (30, "30 минут"),
        (61, "61 минуты"),
        (60, "1 часа"),
        (11 * 60, "11 часов"),
        (21 * 60, "21 часа"),
        (24 * 60, "24 часов"),
        (36 * 60, "36 часов"),
        (2 * 1440, "2 суток"),
        (11 * 1440, "11 суток"),
        (21 * 1440, "21 дня"),
    ],
)
def test_the_unit_agrees_with_its_number(minutes: int, told: str) -> None:
    category = CATEGORIES["VENT_BAD"]
    (clock,) = category.conditional_clocks
    category = replace(category, conditional_clocks=(replace(clock, minutes=minutes, condition="летом"),))
    assert say_term(category, None, now=NOW, zone=ZONE) == f"в течение {told} летом"


def test_one_working_day_is_told_in_the_singular() -> None:
    category = CATEGORIES["ICOM_FAULT"]
    (term,) = category.working_day_deadlines
    category = replace(category, working_day_deadlines=(replace(term, working_days=1),))
    assert say_term(category, None, now=NOW, zone=ZONE) == "в течение 1 рабочего дня"


def test_a_deadline_of_another_day_is_told_to_the_hour_and_never_early() -> None:
    assert say_due(NOW + timedelta(days=5), now=NOW, zone=ZONE) == "пятого декабря до семи часов"
    assert "пятидесяти четырёх минут" in say_due(NOW + timedelta(hours=3), now=NOW, zone=ZONE)
    whole = datetime(2026, 12, 5, 4, 0, tzinfo=UTC)
    assert say_due(whole, now=NOW, zone=ZONE) == "пятого декабря до семи часов"

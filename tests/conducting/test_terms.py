"""The term that is told: a deadline, what a category promises without one, and that the law sets none."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcenter.conducting.terms import say_due, say_term
from callcenter.knowledge.base import read_knowledge
from callcenter.settings import TREE

CATEGORIES = read_knowledge(TREE / "knowledge_base").categories
NOW = datetime(2026, 11, 30, 3, 54, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Moscow")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("HAZARD_YARD", "немедленно"),
        ("EL_NONE_HOUSE", "в течение 24 часов"),
        ("TKO_OVERFLOW", "в течение 2 суток"),
        ("GATE_BARRIER", "в течение 2 часов, если выезд заблокирован"),
        ("WAT_TAP_DRIP", "в течение 24 часов, если это общее имущество"),
        ("ICOM_FAULT", "в течение 2 рабочих дней"),
        ("PAID_WORK", "в то время, о котором вы договоритесь"),
        ("GAS_NONE", "в рабочем порядке: срок для неё законом не установлен"),
        ("NO_SUCH", "в рабочем порядке: срок для неё законом не установлен"),
    ],
)
def test_a_category_without_a_clock_has_its_term_told_all_the_same(code: str, told: str) -> None:
    assert say_term(CATEGORIES.get(code), None, now=NOW, zone=ZONE) == told


def test_a_deadline_of_another_day_is_told_to_the_hour_and_never_early() -> None:
    assert say_due(NOW + timedelta(days=5), now=NOW, zone=ZONE) == "пятого декабря до семи часов"
    assert "пятидесяти четырёх минут" in say_due(NOW + timedelta(hours=3), now=NOW, zone=ZONE)
    whole = datetime(2026, 12, 5, 4, 0, tzinfo=UTC)
    assert say_due(whole, now=NOW, zone=ZONE) == "пятого декабря до семи часов"

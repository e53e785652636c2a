"""Every value that the tables can hold has its Russian word, and moments and spans are written as people read them."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import pytest

from callcenter.callbacks.models import CallbackKind, CallbackState
from callcenter.calls.models import CallState, EventSource, LegRole, Outcome, RecordingState, Speaker
from callcenter.knowledge.categories import ClockKind
from callcenter.queues.models import MemberState
from callcenter.staff.models import Role
from callcenter.tickets.models import TicketState
from callcenter.web.plumbing import formatting
from callcenter.web.plumbing.ui_texts import read_ui_texts

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("call_state", CallState),
        ("outcome", Outcome),
        ("recording_state", RecordingState),
        ("leg_role", LegRole),
        ("speaker", Speaker),
        ("event_source", EventSource),
        ("member_state", MemberState),
        ("callback_kind", CallbackKind),
        ("callback_state", CallbackState),
        ("ticket_state", TicketState),
        ("spoken_ticket_state", TicketState),
        ("outcome_short", Outcome),
        ("role", Role),
        ("clock_kind", ClockKind),
        ("clock_promise", ClockKind),
    ],
)
def test_every_value_has_its_word(name: str, values: type[StrEnum]) -> None:
    assert set(getattr(read_ui_texts(), name)) == {value.value for value in values}


def test_an_event_nobody_described_is_shown_by_its_name_and_folded_away() -> None:
    text, wording = read_ui_texts().describe_event("novelty", {"a": 1})
    assert (text, wording.detail) == ("novelty", True)


def test_a_fact_that_is_missing_is_a_dash() -> None:
    words = read_ui_texts()
    assert words.describe_event("key", {})[0] == "Нажата клавиша —"
    assert words.describe_event("said", {"text": "{0.__class__}"})[0] == "Робот: «{0.__class__}»"


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOW - timedelta(minutes=5), "03:25"),
        (NOW - timedelta(hours=4), "31 декабря 2025, 23:30"),
        (NOW + timedelta(days=2), "3 января, 03:30"),
    ],
)
def test_a_moment_is_that_of_the_company(at: datetime, text: str) -> None:
    assert formatting.spell_moment(at, MOSCOW, now=NOW) == text


@pytest.mark.parametrize(
    ("span", "length", "wait"),
    [
        (timedelta(seconds=-3), "0:00", "0:00"),
        (timedelta(seconds=65.9), "1:05", "1:05"),
        (timedelta(minutes=59, seconds=59), "59:59", "59:59"),
        (timedelta(hours=6, minutes=5, seconds=9), "6:05:09", "6 ч 05 мин"),
        (timedelta(days=2, hours=3), "51:00:00", "2 дн. 3 ч"),
    ],
)
def test_a_length_and_a_wait(span: timedelta, length: str, wait: str) -> None:
    assert formatting.spell_span(span) == length
    assert formatting.spell_wait(span) == wait


@pytest.mark.parametrize(
    ("number", "text"),
    [("+79215550192", "+7 921 555-01-92"), (None, ""), ("", ""), ("101", "101"), ("<b>", "<b>")],
)
def test_a_phone(number: str | None, text: str) -> None:
    assert formatting.spell_phone(number) == text


@pytest.mark.parametrize(
    ("count", "word"), [(1, "звонок"), (2, "звонка"), (5, "звонков"), (11, "звонков"), (21, "звонок"), (112, "звонков")]
)
def test_a_noun_goes_with_its_number(count: int, word: str) -> None:
    assert formatting.choose_form(count, "звонок", "звонка", "звонков") == word


def test_a_size() -> None:
    assert [formatting.spell_size(count) for count in (12, 812_400, 1_240_000)] == ["1 КБ", "812 КБ", "1,2 МБ"]

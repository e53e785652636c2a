"""The terms of a ticket, in the zone of the company and in others."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.knowledge.base import read_knowledge
from callcenter.knowledge.categories import ClockKind, ClockRule, ClockStart, Window
from callcenter.settings import TREE
from callcenter.tickets.clocks import due_at, set_clocks
from tests.helpers.categories import MOSCOW

BERLIN = ZoneInfo("Europe/Berlin")
VLADIVOSTOK = ZoneInfo("Asia/Vladivostok")


def rule(minutes: int, window: Window | None = None, *, kind: ClockKind = ClockKind.RESOLVE) -> ClockRule:
    return ClockRule(kind, minutes, ClockStart.REGISTRATION, "416 п. 13", is_company_rule=False, business_hours=window)


def window(opens: int, closes: int) -> Window:
    return Window(time(opens), time(closes))


def moscow(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("starts_at", "minutes", "open_hours", "due"),
    [
        (moscow(24, 9), 30, None, moscow(24, 9, 30)),
        (moscow(24, 23, 45), 30, None, moscow(25, 0, 15)),
        (moscow(24, 9), 3 * 24 * 60, None, moscow(27, 9)),
        (moscow(24, 9), 60, window(8, 17), moscow(24, 10)),
        (moscow(24, 6), 60, window(8, 17), moscow(24, 9)),
        (moscow(24, 16), 60, window(8, 17), moscow(24, 17)),
        (moscow(24, 16, 30), 60, window(8, 17), moscow(25, 8, 30)),
        (moscow(24, 17), 60, window(8, 17), moscow(25, 9)),
        (moscow(24, 8), 18 * 60, window(8, 17), moscow(25, 17)),
        (moscow(24, 23), 120, window(22, 6), moscow(25, 1)),
        (moscow(24, 5), 120, window(22, 6), moscow(24, 23)),
        (moscow(24, 12), 60, window(22, 6), moscow(24, 23)),
    ],
)
def test_minutes_count_inside_their_hours(
    starts_at: datetime, minutes: int, open_hours: Window | None, due: datetime
) -> None:
    found = due_at(rule(minutes, open_hours), starts_at=starts_at, zone=MOSCOW)
    assert found == due
    assert found.tzinfo is UTC


def test_a_term_of_a_day_is_twenty_four_hours_though_the_clocks_change() -> None:
    before = datetime(2026, 10, 24, 12, tzinfo=BERLIN)  # that night the hour from two to three comes twice
    assert due_at(rule(24 * 60), starts_at=before, zone=BERLIN) == datetime(2026, 10, 25, 11, tzinfo=BERLIN)


def test_hours_of_a_window_are_those_on_the_wall_though_the_clocks_change() -> None:
    night = window(1, 5)
    autumn = due_at(rule(5 * 60, night), starts_at=datetime(2026, 10, 25, 1, tzinfo=BERLIN), zone=BERLIN)
    assert autumn == datetime(2026, 10, 25, 5, tzinfo=BERLIN)
    spring = due_at(rule(4 * 60, night), starts_at=datetime(2027, 3, 28, 0, tzinfo=BERLIN), zone=BERLIN)
    assert spring == datetime(2027, 3, 29, 2, tzinfo=BERLIN), "that night has an hour less"


def test_the_window_is_that_of_the_companys_zone() -> None:
    starts_at = datetime(2026, 11, 24, 3, tzinfo=UTC)  # six in Moscow, one in the afternoon in Vladivostok
    day = rule(60, window(8, 17))
    assert due_at(day, starts_at=starts_at, zone=MOSCOW) == moscow(24, 9)
    assert due_at(day, starts_at=starts_at, zone=VLADIVOSTOK) == starts_at + timedelta(hours=1)


def test_each_clock_runs_from_its_own_start_and_the_nearest_is_first() -> None:
    rules = (
        ClockRule(ClockKind.RESOLVE, 60, ClockStart.REGISTRATION, "a", is_company_rule=False),
        ClockRule(ClockKind.LOCALISE, 30, ClockStart.MESSAGE, "b", is_company_rule=False),
        ClockRule(ClockKind.CHECK, 30, ClockStart.DAMAGE, "c", is_company_rule=True),
    )
    starts = {
        ClockStart.REGISTRATION: moscow(24, 9, 10),
        ClockStart.MESSAGE: moscow(24, 9, 5),
        ClockStart.DAMAGE: moscow(24, 9),
    }
    found = set_clocks(rules, starts=starts, zone=MOSCOW)
    assert [(clock.kind, clock.due_at) for clock in found] == [
        (ClockKind.CHECK, moscow(24, 9, 30)),
        (ClockKind.LOCALISE, moscow(24, 9, 35)),
        (ClockKind.RESOLVE, moscow(24, 10, 10)),
    ]
    with pytest.raises(KeyError):
        set_clocks(rules, starts={}, zone=MOSCOW)


def test_every_category_has_terms_that_can_be_set() -> None:
    starts = dict.fromkeys(ClockStart, moscow(24, 23, 30))
    for category in read_knowledge(TREE / "knowledge_base").categories:
        clocks = set_clocks(category.clocks, starts=starts, zone=MOSCOW)
        assert len({clock.kind for clock in clocks}) == len(category.clocks), category.code
        assert all(clock.due_at > clock.starts_at for clock in clocks), category.code
        assert all(clock.basis for clock in clocks), category.code


hours = st.integers(min_value=0, max_value=23)
zones = st.sampled_from([MOSCOW, BERLIN, VLADIVOSTOK, ZoneInfo("UTC"), ZoneInfo("Australia/Lord_Howe")])
moments = st.timedeltas(timedelta(), timedelta(days=5000)).map(lambda span: datetime(2020, 1, 1, tzinfo=UTC) + span)


@given(starts_at=moments, minutes=st.integers(min_value=1, max_value=10_000), zone=zones, opens=hours, closes=hours)
def test_a_term_ends_when_its_minutes_have_passed_inside_its_hours(
    starts_at: datetime, minutes: int, zone: ZoneInfo, opens: int, closes: int
) -> None:
    if opens == closes:
        closes = (opens + 1) % 24
    hours_open = window(opens, closes)
    due = due_at(rule(minutes, hours_open), starts_at=starts_at, zone=zone)
    assert due >= starts_at + timedelta(minutes=minutes)
    assert _counted(hours_open, starts_at, due, zone) == timedelta(minutes=minutes)
    assert due_at(rule(minutes + 1, hours_open), starts_at=starts_at, zone=zone) > due
    assert due_at(rule(minutes, hours_open), starts_at=starts_at - timedelta(hours=1), zone=zone) <= due


def _counted(hours_open: Window, since: datetime, until: datetime, zone: ZoneInfo) -> timedelta:
    """Another way to count: day by day, what lies inside the window and inside the span."""
    total = timedelta()
    day = since.astimezone(zone).date() - timedelta(days=1)
    while day <= until.astimezone(zone).date():
        opens = _wall(day, hours_open.opens, zone)
        closes = _wall(day + timedelta(days=hours_open.closes < hours_open.opens), hours_open.closes, zone)
        total += max(timedelta(), min(closes, until) - max(opens, since))
        day += timedelta(days=1)
    return total


def _wall(day: date, hour: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, hour, tzinfo=zone).astimezone(UTC)

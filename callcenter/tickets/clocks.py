"""Computes the deadlines of a ticket. Pure; all times are timezone-aware.

A term counts elapsed minutes, so a change to or from summer time does not alter it. Only the opening hours of a window
are local times in the company's zone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from callcenter.knowledge.categories import ClockKind, ClockRule, ClockStart, Window


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock rule applied to one ticket; both times in UTC. `basis`: the norm behind the rule."""

    kind: ClockKind
    starts_at: datetime
    due_at: datetime
    basis: str


def set_clocks(
    rules: Iterable[ClockRule], *, starts: Mapping[ClockStart, datetime], zone: tzinfo
) -> tuple[Deadline, ...]:
    """The deadlines of a ticket, earliest first. `starts`: the time of each kind of start event.

    Raises KeyError when a rule starts at an event missing in `starts`.
    """
    made = []
    for rule in rules:
        starts_at = starts[rule.starts].astimezone(UTC)
        made.append(Deadline(rule.kind, starts_at, due_at(rule, starts_at=starts_at, zone=zone), rule.basis))
    return tuple(sorted(made, key=lambda deadline: (deadline.due_at, deadline.kind)))


def due_at(rule: ClockRule, *, starts_at: datetime, zone: tzinfo) -> datetime:
    """The end of the rule's term, in UTC. Minutes outside the rule's business hours do not count."""
    term = timedelta(minutes=rule.minutes)
    if rule.business_hours is None:
        return starts_at.astimezone(UTC) + term
    return _add_inside_window(rule.business_hours, starts_at.astimezone(UTC), term, zone)


def _add_inside_window(window: Window, moment: datetime, term: timedelta, zone: tzinfo) -> datetime:
    # A window across midnight (22:00-6:00) belongs to the day it opens on, so the search starts a day earlier.
    day = moment.astimezone(zone).date() - timedelta(days=1)
    while True:
        opens, closes = _window_bounds(window, day, zone)
        begins = max(moment, opens)
        if begins < closes:
            if term <= closes - begins:
                return begins + term
            term -= closes - begins
        day += timedelta(days=1)


def _window_bounds(window: Window, day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    closing_day = day if window.closes > window.opens else day + timedelta(days=1)
    return _combine_utc(day, window.opens, zone), _combine_utc(closing_day, window.closes, zone)


def _combine_utc(day: date, hour: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, hour, tzinfo=zone).astimezone(UTC)

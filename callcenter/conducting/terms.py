"""The term of a ticket, as it is told: the nearest deadline, or what holds where none is set."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from callcenter.conducting.words import words
from callcenter.knowledge.categories import Category, ClockKind, Urgency
from callcenter.wording.spoken import spoken_moment

LONG = timedelta(days=1)
"""A term farther away is told to the hour."""
_HOUR = timedelta(hours=1)
_MINUTES_OF_AN_HOUR = 60


def say_term(category: Category | None, due_at: datetime | None, *, now: datetime, zone: ZoneInfo) -> str:
    """«сегодня до восьми часов», «немедленно», «в течение суток»: what follows «Дежурный займётся ею»."""
    if due_at is not None:
        return say_due(due_at, now=now, zone=zone)
    if category is None:
        return words().terms["none"]
    if told := _say_conditional(category):
        return told
    if category.working_day_terms:
        return words().terms["working_days"].format(days=max(one.working_days for one in category.working_day_terms))
    by_urgency = {Urgency.EMERGENCY: "at_once", Urgency.ACCIDENT: "at_once", Urgency.PAID: "agreed"}
    return words().terms[by_urgency.get(category.urgency, "none")]


def say_due(due_at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """A deadline; one of another day to the hour, never earlier than it is."""
    if due_at - now > LONG:
        due_at = due_at + (-(due_at - datetime.min.replace(tzinfo=due_at.tzinfo)) % _HOUR)
    return spoken_moment(due_at, now=now, zone=zone)


def _say_conditional(category: Category) -> str:
    """The longest of several terms between which circumstances decide, for one of them holds; a single one with what it
    hangs on, where that can be said: «в течение 24 часов, если это общее имущество»."""
    clocks = [clock for clock in category.conditional_clocks if clock.kind is ClockKind.RESOLVE]
    if not clocks:
        return ""
    longest = max(clocks, key=lambda clock: clock.minutes)
    hours = -(-longest.minutes // _MINUTES_OF_AN_HOUR)
    days, rest = divmod(hours, 24)
    in_days = rest == 0 and days > 1
    told = words().terms["days"].format(days=days) if in_days else words().terms["hours"].format(hours=hours)
    if len(clocks) > 1:
        return told
    return f"{told}, {longest.condition}" if longest.condition.startswith(words().terms["if"]) else ""

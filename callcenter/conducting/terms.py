"""The term of a ticket, as it is told: the nearest deadline, or what holds where none runs."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from callcenter.conducting.texts import texts
from callcenter.knowledge.categories import Category, ClockKind, ClockRule, Urgency, WorkingDayTerm
from callcenter.wording.numbers import is_one
from callcenter.wording.spoken import spoken_moment

LONG = timedelta(days=1)
"""A term farther away is told to the hour."""
_HOUR = timedelta(hours=1)
_MINUTES_OF_AN_HOUR = 60
_HOURS_OF_A_DAY = 24
_AT_ONCE = (Urgency.EMERGENCY, Urgency.ACCIDENT)


def say_term(category: Category | None, due_at: datetime | None, *, now: datetime, zone: ZoneInfo) -> str:
    """«сегодня до восьми часов», «немедленно», «в течение 24 часов зимой»: what follows «Дежурный займётся ею»."""
    terms = texts().terms
    if due_at is not None:
        return say_due(due_at, now=now, zone=zone)
    if category is None or category.urgency is Urgency.NONE:
        return terms["unknown"]
    if category.urgency in _AT_ONCE:
        return terms["at_once"]
    if told := _say_rules(category):
        return told
    return terms["agreed" if category.urgency is Urgency.PAID else "none"]


def say_due(due_at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """A deadline; one of another day to the hour, never earlier than it is."""
    if due_at - now > LONG:
        due_at = due_at + (-(due_at - datetime.min.replace(tzinfo=due_at.tzinfo)) % _HOUR)
    return spoken_moment(due_at, now=now, zone=zone)


def _say_rules(category: Category) -> str:
    """The nearest clock of those that always apply; else every term that may hold, the shortest first, each with what
    it hangs on, for the dispatcher decides which it is. A reply is told as a reply. Empty: there is no term at all."""
    nearest = sorted(category.clocks, key=lambda clock: clock.minutes)[:1]
    clocks = nearest or sorted(category.conditional_clocks, key=lambda clock: clock.minutes)
    in_days = sorted(category.working_day_deadlines, key=lambda term: term.working_days)
    rules: list[ClockRule | WorkingDayTerm] = [*clocks, *in_days]
    acts = _join(_say_rule(rule) for rule in rules if rule.kind is not ClockKind.RESPOND)
    replies = _join(_say_rule(rule) for rule in rules if rule.kind is ClockKind.RESPOND)
    if not replies:
        return acts
    reply = texts().terms["reply"].format(term=replies)
    return _join((acts, reply)) if acts else texts().terms["only_reply"].format(reply=reply)


def _join(parts: Iterable[str]) -> str:
    return "; ".join(parts)


def _say_rule(rule: ClockRule | WorkingDayTerm) -> str:
    """«в течение 3 часов, если …», «в течение 3 суток летом»."""
    if isinstance(rule, WorkingDayTerm):
        told = _say_within(rule.working_days, "working_days")
    else:
        hours, minutes = divmod(rule.minutes, _MINUTES_OF_AN_HOUR)
        days, rest = divmod(hours, _HOURS_OF_A_DAY)
        if minutes:
            told = _say_within(rule.minutes, "minutes")
        elif rest or days == 1:
            told = _say_within(hours, "hours")
        else:
            told = _say_within(days, "days")
    if not rule.condition:
        return told
    comma = "," if rule.condition.startswith(tuple(texts().behind_comma)) else ""
    return f"{told}{comma} {rule.condition}"


def _say_within(number: int, unit: str) -> str:
    one, many = texts().units[unit]
    return texts().terms["within"].format(number=number, unit=one if is_one(str(number)) else many)

"""Phrases the deadline of a ticket for the caller: the nearest running deadline, or the rules of the category."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from callcenter.conducting.texts import texts
from callcenter.knowledge.categories import Category, ClockKind, ClockRule, Urgency, WorkingDayTerm
from callcenter.wording.numbers import is_one
from callcenter.wording.spoken import spoken_moment

ROUND_TO_HOUR_AFTER = timedelta(days=1)
"""A deadline farther away than this is rounded up to the hour."""
_HOUR = timedelta(hours=1)
_MINUTES_OF_AN_HOUR = 60
_HOURS_OF_A_DAY = 24
_AT_ONCE = (Urgency.EMERGENCY, Urgency.ACCIDENT)


def say_term(category: Category | None, due_at: datetime | None, *, now: datetime, zone: ZoneInfo) -> str:
    """The deadline as it follows «Дежурный займётся ею»: «сегодня до восьми часов», «в течение 24 часов зимой».

    `due_at`: the running deadline. Without it the rules of `category` are told. `category` None: not known.
    """
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
    """A deadline as spoken text. More than a day ahead it is rounded up to the hour, never down."""
    if due_at - now > ROUND_TO_HOUR_AFTER:
        due_at = due_at + (-(due_at - datetime.min.replace(tzinfo=due_at.tzinfo)) % _HOUR)
    return spoken_moment(due_at, now=now, zone=zone)


def _say_rules(category: Category) -> str:
    """The terms of a category: the shortest unconditional clock, or else all conditional ones; then working-day terms.

    Terms are sorted by length and told with their conditions, because the dispatcher decides which one applies. A term
    for a reply is told as a reply. Empty when the category has no term.
    """
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

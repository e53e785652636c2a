"""Parses days and times of day relative to a given `now`: «завтра после шести», «в среду с девяти до двенадцати».

`Understanding` calls `find_moments`.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from callcenter.understanding.numbers.numbers import Number, find_numbers, parse_number_word
from callcenter.understanding.words import Word

_NOON = 12
_EARLIEST_HOUR = 8
"""An earlier hour without «утра» or «ночи» is taken as afternoon: technicians do not come at six in the morning."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, a time of day, or both, in the local time of `now`, without a time zone."""

    day: date | None
    earliest: time | None
    latest: time | None
    """Equal to `earliest` for an exact time. None in one of the two is an open range, in both: no time of day."""
    is_certain: bool
    """False if the half of the day, the week, the month or the year was not said and the likelier one is given."""
    first: int
    end: int
    """The words it came from: `words[first:end]`."""


@dataclass(frozen=True, slots=True)
class _TimeOfDay:
    at: time
    sure: bool
    end: int


def find_moments(words: Sequence[Word], *, now: datetime, in_future: bool = True) -> tuple[Moment, ...]:
    """The days and times of a line; a day and a time beside it are one moment.

    `in_future`: a weekday or a date without a year is the next one (a visit); otherwise the last one (since when).
    """
    numbers = {number.first: number for number in find_numbers(words)}
    found: list[Moment] = []
    at = 0
    while at < len(words):
        moment = (
            _read_relative(words, numbers, at, now)
            or _read_day(words, numbers, at, now, ahead=in_future)
            or _read_time_range(words, numbers, at)
            or _read_part_of_day(words, at)
        )
        if moment is None:
            at += 1
            continue
        at = moment.end
        before = found[-1] if found else None
        joined = (
            _merge_expressions(before, moment) if before is not None and _are_adjacent(words, before, moment) else None
        )
        if joined is not None:
            found[-1] = joined
        else:
            found.append(moment)
    return tuple(found)


def _are_adjacent(words: Sequence[Word], before: Moment, after: Moment) -> bool:
    return all(word.is_filler or word.text in ("в", "во", "на") for word in words[before.end : after.first])


def _merge_expressions(before: Moment, after: Moment) -> Moment | None:
    """Merges a day with a time of day; None when both have a day or both have a time."""
    if before.day is not None and after.day is not None:
        return None
    timed, other = (after, before) if after.earliest or after.latest else (before, after)
    if (before.earliest or before.latest) and (after.earliest or after.latest):
        return None
    return replace(
        timed,
        day=before.day or after.day,
        is_certain=before.is_certain and after.is_certain and other.is_certain,
        first=before.first,
        end=after.end,
    )


def _read_day(
    words: Sequence[Word], numbers: dict[int, Number], at: int, now: datetime, *, ahead: bool
) -> Moment | None:
    document, word, today = _read_vocabulary(), words[at], now.date()
    if word.text in document["days"]:
        return Moment(
            today + timedelta(days=document["days"][word.text]), None, None, is_certain=True, first=at, end=at + 1
        )
    weekday = _look_up(word, document["weekdays"])
    if weekday is not None:
        last, following = _is_after_lemma(words, at, "прошлый"), _is_after_lemma(words, at, "следующий")
        forward = (ahead or following) and not last
        days = (weekday - today.weekday()) % 7 if forward else -((today.weekday() - weekday) % 7)
        sure = days != 0
        days += 7 if forward and (following or days == 0) else -7 if not forward and days == 0 else 0
        return Moment(today + timedelta(days=days), None, None, is_certain=sure, first=at, end=at + 1)
    number = numbers.get(at)
    if number is None or number.end >= len(words) or not 1 <= number.value <= 31:
        return None
    month = _look_up(words[number.end], document["months"])
    if month is not None:
        return _read_date(number, month, words, numbers, today, ahead=ahead)
    if number.ordinal and words[number.end].has_lemma("число"):
        months = (today.month + step for step in ((0, 1) if ahead else (0, -1)))
        dates = [_safe_date(today.year + (month - 1) // 12, (month - 1) % 12 + 1, number.value) for month in months]
        fitting = [day for day in dates if day is not None and (day >= today if ahead else day <= today)]
        return Moment(fitting[0], None, None, is_certain=False, first=at, end=number.end + 1) if fitting else None
    return None


def _read_date(
    number: Number, month: int, words: Sequence[Word], numbers: dict[int, Number], today: date, *, ahead: bool
) -> Moment | None:
    end = number.end + 1
    year = numbers.get(end)
    if year is not None and 2000 <= year.value < 2100:
        day = _safe_date(year.value, month, number.value)
        after = year.end + (year.end < len(words) and words[year.end].has_lemma("год"))
        return Moment(day, None, None, is_certain=True, first=number.first, end=after) if day else None
    days = [_safe_date(today.year + step, month, number.value) for step in (-1, 0, 1)]
    fitting = [day for day in days if day is not None and (day >= today if ahead else day <= today)]
    if not fitting:
        return None
    return Moment(fitting[0] if ahead else fitting[-1], None, None, is_certain=False, first=number.first, end=end)


def _safe_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _read_relative(words: Sequence[Word], numbers: dict[int, Number], at: int, now: datetime) -> Moment | None:
    """«через два часа», «полчаса назад», «три дня назад»; a time of day only for units shorter than a day."""
    forward = words[at].text == "через"
    start = at + 1 if forward else at
    number = numbers.get(start)
    unit = number.end if number is not None else start
    if unit >= len(words):
        return None
    minutes = _look_up(words[unit], _read_vocabulary()["spans"])
    back = unit + 1 < len(words) and words[unit + 1].text == "назад"
    if minutes is None or not (forward or back) or (number is not None and number.value > 1000):
        return None
    span = timedelta(minutes=minutes * (number.value if number is not None else 1))
    moment = now + span if forward else now - span
    exact = None if minutes >= 1440 else moment.time().replace(second=0, microsecond=0)
    return Moment(moment.date(), exact, exact, is_certain=True, first=at, end=unit + 1 + back)


def _read_part_of_day(words: Sequence[Word], at: int) -> Moment | None:
    """«утром», «с утра», «до обеда», «после обеда»."""
    if words[at].text in ("до", "после") and at + 1 < len(words) and words[at + 1].text == "обеда":
        noon = time(13)
        before = words[at].text == "до"
        return Moment(None, None if before else noon, noon if before else None, is_certain=True, first=at, end=at + 2)
    for length in (2, 1):
        hours = _read_vocabulary()["parts"].get(" ".join(word.text for word in words[at : at + length]))
        if hours is not None:
            return Moment(None, time(hours[0]), time(hours[1]), is_certain=True, first=at, end=at + length)
    return None


def _read_time_range(words: Sequence[Word], numbers: dict[int, Number], at: int) -> Moment | None:
    """«с девяти до двенадцати», «после шести», «в половине седьмого», «девять утра», `18:30`."""
    before = _read_vocabulary()["before"]
    role = next((name for name, prepositions in before.items() if words[at].text in prepositions), "")
    hour = _read_time_of_day(words, numbers, at + 1 if role else at, bare=not role)
    if hour is None:
        return None
    if role == "from" and hour.end < len(words) and words[hour.end].text in before["until"]:
        until = _read_time_of_day(words, numbers, hour.end + 1, bare=False)
        if until is not None:
            start = replace(hour, at=_align_half_of_day(hour, until))
            return Moment(None, start.at, until.at, is_certain=hour.sure and until.sure, first=at, end=until.end)
    earliest = None if role == "until" else hour.at
    latest = None if role in ("from", "after") else hour.at
    return Moment(None, earliest, latest, is_certain=hour.sure, first=at, end=hour.end)


def _align_half_of_day(hour: _TimeOfDay, until: _TimeOfDay) -> time:
    """The start of a range; a start guessed as afternoon and later than a certain end is moved to the morning.

    «с семи до девяти утра» begins at 7:00.
    """
    if until.sure and not hour.sure and hour.at.hour >= _NOON and hour.at > until.at:
        return hour.at.replace(hour=hour.at.hour - _NOON)
    return hour.at


def _read_time_of_day(words: Sequence[Word], numbers: dict[int, Number], at: int, *, bare: bool) -> _TimeOfDay | None:
    """A time of day that begins at word `at`. `bare`: no preposition before it, so its words must name it as a time."""
    if at >= len(words):
        return None
    number = numbers.get(at)
    if number is None:
        return _read_worded_time(words, numbers, at, bare=bare)
    if number.ordinal or number.value > 24:
        return None
    minutes = numbers.get(number.end)
    if minutes is not None and minutes.value < 60 and not minutes.ordinal and len(minutes.digits) == 2:
        end = minutes.end + (minutes.end < len(words) and words[minutes.end].has_lemma("минута"))
        return _resolve_half_of_day(
            words, number.value, minutes.value, end, told=words[minutes.first].separator == ":", bare=bare
        )
    told = number.end < len(words) and words[number.end].has_lemma("час") and not bare
    return _resolve_half_of_day(words, number.value, 0, number.end + told, told=told, bare=bare)


def _read_worded_time(words: Sequence[Word], numbers: dict[int, Number], at: int, *, bare: bool) -> _TimeOfDay | None:
    """«половине седьмого», «полседьмого», «четверть девятого», «без пятнадцати семь», «час»."""
    number = numbers.get(at + 1)
    minutes = _look_up(words[at], _read_vocabulary()["shares"])
    if minutes is not None and number is not None and number.ordinal:
        return _resolve_half_of_day(words, number.value - 1, minutes, number.end, told=True, bare=bare)
    hour = parse_number_word(words[at].text[3:]) if words[at].text.startswith("пол") else None
    if hour is not None and hour.ordinal:
        return _resolve_half_of_day(words, hour.value - 1, 30, at + 1, told=True, bare=bare)
    if words[at].text == "без" and number is not None and number.value < 60 and number.end in numbers:
        next_hour = numbers[number.end]
        return _resolve_half_of_day(words, next_hour.value - 1, 60 - number.value, next_hour.end, told=True, bare=bare)
    if words[at].text in ("час", "часа", "часу") and not bare:
        return _resolve_half_of_day(words, 1, 0, at + 1, told=True, bare=bare)
    return None


def _resolve_half_of_day(
    words: Sequence[Word], hour: int, minute: int, end: int, *, told: bool, bare: bool
) -> _TimeOfDay | None:
    """The time of day in the right half of the day; None if nothing tells that the number is an hour.

    `told`: the words before `end` name it as a time. Without «утра», «дня», «вечера» or «ночи» after it, the half is
    guessed by `_EARLIEST_HOUR`.
    """
    if not 0 <= hour <= 24 or minute > 59:
        return None
    half = _read_vocabulary()["halves"].get(words[end].text) if end < len(words) else None
    if half is None:
        follows = words[end] if end < len(words) else None
        counted = follows is not None and follows.parses[:1] and follows.parses[0].part_of_speech in ("NOUN", "ADJF")
        if (bare and not told) or (counted and not told and not _is_day_word(words, end)):
            return None
        sure = hour >= _NOON + 1 or hour == 0
        return _TimeOfDay(time((hour + (_NOON if hour < _EARLIEST_HOUR and not sure else 0)) % 24, minute), sure, end)
    later = _NOON if half and hour < _NOON else -_NOON if not half and hour == _NOON else 0
    return _TimeOfDay(time((hour + later) % 24, minute), True, end + 1)


def _is_day_word(words: Sequence[Word], at: int) -> bool:
    document = _read_vocabulary()
    return words[at].text in document["days"] or _look_up(words[at], document["weekdays"]) is not None


def _look_up(word: Word, table: dict[str, int]) -> int | None:
    return next((table[name] for name in (word.text, *word.lemmas) if name in table), None)


def _is_after_lemma(words: Sequence[Word], at: int, lemma: str) -> bool:
    return at > 0 and words[at - 1].has_lemma(lemma)


@cache
def _read_vocabulary() -> Any:
    return tomllib.loads(Path(__file__).with_name("moments.toml").read_text(encoding="utf-8"))

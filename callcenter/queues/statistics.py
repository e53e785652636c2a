"""The figures of a period, by formulas fixed here because sources disagree. Pure; spans are seconds.

A figure is None when there is nothing to divide by: a queue that nobody entered has no service level, not a bad one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from callcenter.queues.models import MemberState

BUSY = (MemberState.TALKING, MemberState.WRAP_UP)
AT_WORK = (*BUSY, MemberState.FREE, MemberState.RINGING)


@dataclass(frozen=True, slots=True)
class Visit:
    """One call that was put into the queue. `wait_seconds`: until it was answered or left.

    A call may be neither answered nor abandoned: its caller left a message, or asked to be called back.
    """

    wait_seconds: float
    answered: bool = False
    abandoned: bool = False
    talk_seconds: float = 0.0
    """With hold: from the answer to the end."""
    was_lost: bool = False
    """Asterisk broke down: nobody knows how long the caller waited, so it is never a short abandon."""


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """The sums of a period; the properties are the formulas."""

    offered: int
    answered: int
    answered_in_time: int
    """Answered within the threshold of the service level."""
    abandoned: int
    short_abandons: int
    """Of the abandoned: those that waited less than a short abandon's limit."""
    answered_wait_seconds: float
    """By those who were answered."""
    longest_wait: float | None
    """Of the answered and the abandoned."""
    total_talk_seconds: float
    wrap_up_seconds: float
    busy_seconds: float
    """The members' time in talk and wrap-up, calls they made themselves included."""
    working_seconds: float
    """The members' time logged in and not paused."""

    @property
    def counted_calls(self) -> int:
        """Who counts in shares."""
        return self.offered - self.short_abandons

    @property
    def service_level(self) -> float | None:
        return _ratio_or_none(self.answered_in_time, self.counted_calls)

    @property
    def average_wait(self) -> float | None:
        """ASA: average speed of answer."""
        return _ratio_or_none(self.answered_wait_seconds, self.answered)

    @property
    def average_handling_time(self) -> float | None:
        """AHT: average handling time."""
        return _ratio_or_none(self.total_talk_seconds + self.wrap_up_seconds, self.answered)

    @property
    def abandonment_rate(self) -> float | None:
        return _ratio_or_none(self.abandoned - self.short_abandons, self.counted_calls)

    @property
    def occupancy(self) -> float | None:
        return _ratio_or_none(self.busy_seconds, self.working_seconds)


def count_queue(
    visits: Iterable[Visit],
    times: Mapping[MemberState, float],
    *,
    service_level_seconds: float,
    short_abandon_seconds: float,
) -> QueueFigures:
    """`times`: what the members spent in each state. `service_level_seconds` and `short_abandon_seconds` are settings
    of the queue."""
    visits = tuple(visits)
    answered = [visit for visit in visits if visit.answered]
    abandoned = [visit for visit in visits if visit.abandoned]
    return QueueFigures(
        offered=len(visits),
        answered=len(answered),
        answered_in_time=sum(visit.wait_seconds <= service_level_seconds for visit in answered),
        abandoned=len(abandoned),
        short_abandons=sum(visit.wait_seconds < short_abandon_seconds and not visit.was_lost for visit in abandoned),
        answered_wait_seconds=sum(visit.wait_seconds for visit in answered),
        longest_wait=max((visit.wait_seconds for visit in (*answered, *abandoned)), default=None),
        total_talk_seconds=sum(visit.talk_seconds for visit in answered),
        wrap_up_seconds=times.get(MemberState.WRAP_UP, 0.0),
        busy_seconds=sum(times.get(state, 0.0) for state in BUSY),
        working_seconds=sum(times.get(state, 0.0) for state in AT_WORK),
    )


def add_up(
    intervals: Iterable[tuple[MemberState, datetime, datetime]], *, since: datetime, until: datetime
) -> dict[MemberState, float]:
    """Seconds in each state between two moments; of (state, began, ended) only what lies between them counts."""
    times: dict[MemberState, float] = {}
    for state, began_at, ended_at in intervals:
        seconds = (min(ended_at, until) - max(began_at, since)).total_seconds()
        if seconds > 0:
            times[state] = times.get(state, 0.0) + seconds
    return times


def _ratio_or_none(part: float, whole: float) -> float | None:
    return part / whole if whole else None

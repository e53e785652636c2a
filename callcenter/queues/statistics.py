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
    """One call that was put into the queue. `waited`: until it was answered or left.

    A call may be neither answered nor abandoned: its caller left a message, or asked to be called back.
    """

    waited: float
    answered: bool = False
    abandoned: bool = False
    talked: float = 0.0
    """With hold: from the answer to the end."""
    broke_off: bool = False
    """Asterisk broke down: nobody knows how long the caller waited, so it is never a short abandon."""


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """The sums of a period; the properties are the formulas."""

    offered: int
    answered: int
    in_time: int
    """Answered within the threshold of the service level."""
    abandoned: int
    short: int
    """Of the abandoned: those that waited less than a short abandon's limit."""
    waited: float
    """By those who were answered."""
    longest_wait: float | None
    """Of the answered and the abandoned."""
    talked: float
    wrapped_up: float
    busy: float
    """The members' time in talk and wrap-up, calls they made themselves included."""
    at_work: float
    """The members' time logged in and not paused."""

    @property
    def counted(self) -> int:
        """Who counts in shares."""
        return self.offered - self.short

    @property
    def service_level(self) -> float | None:
        return _divide(self.in_time, self.counted)

    @property
    def average_wait(self) -> float | None:
        """ASA: average speed of answer."""
        return _divide(self.waited, self.answered)

    @property
    def handling_time(self) -> float | None:
        """AHT: average handling time."""
        return _divide(self.talked + self.wrapped_up, self.answered)

    @property
    def abandonment(self) -> float | None:
        return _divide(self.abandoned - self.short, self.counted)

    @property
    def occupancy(self) -> float | None:
        return _divide(self.busy, self.at_work)


@dataclass(frozen=True, slots=True)
class CallbackFigures:
    """Calls that had to be made back. `waiting`: not done, with time left."""

    in_time: int
    late: int
    waiting: int

    @property
    def share(self) -> float | None:
        return _divide(self.in_time, self.in_time + self.late)


def count_queue(
    visits: Iterable[Visit], times: Mapping[MemberState, float], *, threshold: float, short: float
) -> QueueFigures:
    """`times`: what the members spent in each state. `threshold` and `short` are settings of the queue."""
    visits = tuple(visits)
    answered = [visit for visit in visits if visit.answered]
    abandoned = [visit for visit in visits if visit.abandoned]
    return QueueFigures(
        offered=len(visits),
        answered=len(answered),
        in_time=sum(visit.waited <= threshold for visit in answered),
        abandoned=len(abandoned),
        short=sum(visit.waited < short and not visit.broke_off for visit in abandoned),
        waited=sum(visit.waited for visit in answered),
        longest_wait=max((visit.waited for visit in (*answered, *abandoned)), default=None),
        talked=sum(visit.talked for visit in answered),
        wrapped_up=times.get(MemberState.WRAP_UP, 0.0),
        busy=sum(times.get(state, 0.0) for state in BUSY),
        at_work=sum(times.get(state, 0.0) for state in AT_WORK),
    )


def count_callbacks(terms: Iterable[tuple[datetime, datetime | None]], *, now: datetime) -> CallbackFigures:
    """From pairs of (due at, done at)."""
    in_time = late = waiting = 0
    for due_at, done_at in terms:
        if done_at is not None and done_at <= due_at:
            in_time += 1
        elif done_at is None and now <= due_at:
            waiting += 1
        else:
            late += 1
    return CallbackFigures(in_time, late, waiting)


def add_up(
    stretches: Iterable[tuple[MemberState, datetime, datetime]], *, since: datetime, until: datetime
) -> dict[MemberState, float]:
    """Seconds in each state between two moments; of (state, began, ended) only what lies between them counts."""
    times: dict[MemberState, float] = {}
    for state, began_at, ended_at in stretches:
        seconds = (min(ended_at, until) - max(began_at, since)).total_seconds()
        if seconds > 0:
            times[state] = times.get(state, 0.0) + seconds
    return times


def _divide(part: float, whole: float) -> float | None:
    return part / whole if whole else None

"""Queue statistics of a period. The formulas are defined here, because sources disagree. Pure; durations in seconds.

A ratio is None when its denominator is 0: an empty queue has no service level rather than a bad one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from callcenter.queues.models import MemberState

BUSY = (MemberState.TALKING, MemberState.WRAP_UP)
"""States that count as busy time in `occupancy`."""
AT_WORK = (*BUSY, MemberState.FREE, MemberState.RINGING)
"""States that count as working time: logged in and not paused."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One call in the queue. `wait_seconds`: from entering the queue until answer, or until the call ended.

    A call may be neither answered nor abandoned: the caller left a message or asked for a callback.
    """

    wait_seconds: float
    answered: bool = False
    abandoned: bool = False
    talk_seconds: float = 0.0
    """From the answer to the end of the call, including hold."""
    was_lost: bool = False
    """Asterisk died during the call. The true waiting time is unknown, so the call is never a short abandon."""


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """Sums of a period; the properties are the formulas."""

    offered: int
    answered: int
    answered_in_time: int
    """Answered after at most the service level threshold."""
    abandoned: int
    short_abandons: int
    """Abandoned calls that waited less than the short abandon threshold; they do not count in ratios."""
    answered_wait_seconds: float
    """Total waiting time of answered calls."""
    longest_wait: float | None
    """Longest wait of all answered and abandoned calls; None when there were none."""
    total_talk_seconds: float
    wrap_up_seconds: float
    busy_seconds: float
    """Members' time in talk and wrap-up, including their outbound calls."""
    working_seconds: float
    """Members' time logged in and not paused."""

    @property
    def counted_calls(self) -> int:
        """Denominator of the ratios: offered calls without short abandons."""
        return self.offered - self.short_abandons

    @property
    def service_level(self) -> float | None:
        """Calls answered in time / (offered - short abandons)."""
        return _ratio_or_none(self.answered_in_time, self.counted_calls)

    @property
    def average_wait(self) -> float | None:
        """Average speed of answer (ASA): waiting time of answered calls / answered."""
        return _ratio_or_none(self.answered_wait_seconds, self.answered)

    @property
    def average_handling_time(self) -> float | None:
        """Average handling time (AHT): (talk + wrap-up) / answered."""
        return _ratio_or_none(self.total_talk_seconds + self.wrap_up_seconds, self.answered)

    @property
    def abandonment_rate(self) -> float | None:
        """(Abandoned - short abandons) / (offered - short abandons)."""
        return _ratio_or_none(self.abandoned - self.short_abandons, self.counted_calls)

    @property
    def occupancy(self) -> float | None:
        """Busy time / working time of all members."""
        return _ratio_or_none(self.busy_seconds, self.working_seconds)


def count_queue(
    visits: Iterable[Visit],
    times: Mapping[MemberState, float],
    *,
    service_level_seconds: float,
    short_abandon_seconds: float,
) -> QueueFigures:
    """Computes the figures. `times`: seconds that all members together spent in each state. The thresholds are the
    settings of the same names in `QueueSettings`."""
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
    """Seconds in each state within `since`..`until`. `intervals`: (state, began_at, ended_at), clipped to this
    period."""
    times: dict[MemberState, float] = {}
    for state, began_at, ended_at in intervals:
        seconds = (min(ended_at, until) - max(began_at, since)).total_seconds()
        if seconds > 0:
            times[state] = times.get(state, 0.0) + seconds
    return times


def _ratio_or_none(part: float, whole: float) -> float | None:
    return part / whole if whole else None

"""Builds the reports of a period from the data of calls, tickets, callbacks and queues."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.callbacks.statistics import CallbackFigures, count_callbacks
from callcenter.callbacks.views import callback_terms
from callcenter.calls.models import Outcome
from callcenter.calls.statistics import CallTimes, calls_between
from callcenter.intake.registration import ROBOT
from callcenter.queues.statistics import QueueFigures, Visit, count_queue
from callcenter.queues.views import member_times
from callcenter.tickets.views import count_registered


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in the company's time zone, from `first` to `last` inclusive."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone)

    @property
    def until(self) -> datetime:
        """Midnight at the end of the last day, exclusive."""
        return datetime.combine(self.last + timedelta(days=1), time(), self.zone)


@dataclass(frozen=True, slots=True)
class CallsReport:
    """Figures of the calls that arrived in the period."""

    arrived: int
    without_outcome: int
    """Calls in progress, or ended but not settled yet."""
    danger_calls: int
    outcomes: Mapping[Outcome, int]
    outcomes_by_hour: Mapping[int, Mapping[Outcome, int]]
    """By local hour of arrival, 0 to 23; hours without settled calls are left out."""
    callbacks: CallbackFigures
    tickets_by_robot: int
    tickets_by_people: int


@dataclass(frozen=True, slots=True)
class QueueReport:
    """Queue figures of the settled calls that arrived in the period. `without_outcome`: queued calls not settled
    yet."""

    statistics: QueueFigures
    without_outcome: int


async def report_calls(session: AsyncSession, period: Period, *, now: datetime) -> CallsReport:
    calls = await calls_between(session, since=period.since, until=period.until)
    settled = [(call.arrived_at.astimezone(period.zone).hour, call.outcome) for call in calls if call.outcome]
    hours: dict[int, Counter[Outcome]] = {}
    for hour, outcome in settled:
        hours.setdefault(hour, Counter())[outcome] += 1
    tickets = await count_registered(session, since=period.since, until=period.until)
    return CallsReport(
        arrived=len(calls),
        without_outcome=len(calls) - len(settled),
        danger_calls=sum(call.danger for call in calls),
        outcomes=Counter(outcome for _, outcome in settled),
        outcomes_by_hour=dict(sorted(hours.items())),
        callbacks=count_callbacks(await callback_terms(session, since=period.since, until=period.until), now=now),
        tickets_by_robot=tickets.get(ROBOT, 0),
        tickets_by_people=sum(count for author, count in tickets.items() if author != ROBOT),
    )


async def report_queue(
    session: AsyncSession, period: Period, *, service_level_seconds: float, short_abandon_seconds: float, now: datetime
) -> QueueReport:
    """Computes the queue report. The thresholds, in seconds, are the settings of the same names in `QueueSettings`."""
    calls = await calls_between(session, since=period.since, until=period.until)
    queued = [call for call in calls if call.queued_at is not None]
    settled = [call for call in queued if call.outcome is not None]
    times = await member_times(session, since=period.since, until=period.until, now=now)
    figures = count_queue(
        visits_of(settled),
        times,
        service_level_seconds=service_level_seconds,
        short_abandon_seconds=short_abandon_seconds,
    )
    return QueueReport(figures, without_outcome=len(queued) - len(settled))


def visits_of(calls: Iterable[CallTimes]) -> list[Visit]:
    """The queue visits of ended calls; calls that never entered the queue are left out."""
    visits = []
    for call in calls:
        if call.queued_at is None or call.ended_at is None:
            continue
        left_at = call.connected_at or call.ended_at
        visits.append(
            Visit(
                wait_seconds=_seconds(call.queued_at, left_at),
                answered=call.connected_at is not None,
                abandoned=call.connected_at is None and call.outcome is Outcome.ABANDONED,
                talk_seconds=_seconds(left_at, call.ended_at),
                was_lost=call.was_lost,
            )
        )
    return visits


def _seconds(begin: datetime, end: datetime) -> float:
    """Duration, at least 0: the clock may have been set back meanwhile."""
    return max(0.0, (end - begin).total_seconds())

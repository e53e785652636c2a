"""Statistics of calls: the calls of a period for reports, counts since a moment for metrics. Read-only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.models import Call, CallEvent, CallState, Outcome, Recording, RecordingState

_LONGEST_CALL = timedelta(days=1)
"""Assumed longest call: limits `arrived_at` in queries by end time, so that the index on arrivals can be used."""

# Literal SQL, because PostgreSQL cannot match the condition of a partial index with a bound parameter.
_IS_LOST = text("call_event.kind = 'lost'")
_IS_LEASE_END = text("call_event.kind = 'lease_end'")
_IS_PENDING = text("recording.state = 'pending'")


@dataclass(frozen=True, slots=True)
class CallTimes:
    """One call. `outcome` is None until the call is settled; `was_lost`: Asterisk died during the call."""

    arrived_at: datetime
    queued_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    danger: bool
    was_lost: bool


@dataclass(frozen=True, slots=True)
class CallStateCount:
    """Number of calls in one state, and when the first of them entered the queue."""

    count: int
    queued_since: datetime | None


@dataclass(frozen=True, slots=True)
class WaitTimes:
    """Waiting times in the queue of answered calls. `bucket_counts[n]`: calls that waited `bounds[n]` seconds or
    less."""

    count: int
    total_seconds: float
    bucket_counts: tuple[int, ...]


async def calls_between(session: AsyncSession, *, since: datetime, until: datetime) -> Sequence[CallTimes]:
    """The calls that arrived in `since` <= t < `until`, in order of arrival."""
    lost = select(CallEvent.call_id).where(_IS_LOST)
    rows = await session.execute(
        select(
            Call.arrived_at,
            Call.queued_at,
            Call.connected_at,
            Call.ended_at,
            Call.outcome,
            Call.danger.is_not(None),
            Call.id.in_(lost),
        )
        .where(Call.arrived_at >= since, Call.arrived_at < until)
        .order_by(Call.arrived_at, Call.id)
    )
    return [CallTimes(*row) for row in rows]


async def standing_calls(session: AsyncSession) -> dict[CallState, CallStateCount]:
    """The calls in progress, by state; states without calls are left out."""
    rows = await session.execute(
        select(Call.state, func.count(), func.min(Call.queued_at))
        .where(Call.state != CallState.ENDED, Call.outcome.is_(None))
        .group_by(Call.state)
    )
    return {state: CallStateCount(count, queued_since) for state, count, queued_since in rows}


async def count_outcomes(session: AsyncSession, *, since: datetime) -> dict[Outcome, int]:
    """Settled calls that ended at `since` or later, by outcome. A late timeline line may still change an outcome."""
    rows = await session.execute(
        select(Call.outcome, func.count()).where(Call.outcome.is_not(None), *_ended_since(since)).group_by(Call.outcome)
    )
    return {found: count for found, count in rows if found is not None}


async def measure_waits(session: AsyncSession, *, since: datetime, bounds: Sequence[float]) -> WaitTimes:
    """Waiting times of the queued calls that a dispatcher answered at `since` or later. `bounds`: seconds."""
    waited = func.greatest(0, func.extract("epoch", Call.connected_at - Call.queued_at))
    row = (
        await session.execute(
            select(
                func.count(),
                func.coalesce(func.sum(waited), 0),
                *(func.count().filter(waited <= bound) for bound in bounds),
            ).where(Call.arrived_at >= since - _LONGEST_CALL, Call.connected_at >= since, Call.queued_at.is_not(None))
        )
    ).one()
    return WaitTimes(int(row[0]), float(row[1]), tuple(int(count) for count in row[2:]))


async def count_recordings(session: AsyncSession, *, since: datetime) -> dict[RecordingState, int]:
    """Recordings of calls that ended at `since` or later, by state."""
    rows = await session.execute(
        select(Recording.state, func.count())
        .join(Call, Call.id == Recording.call_id)
        .where(*_ended_since(since))
        .group_by(Recording.state)
    )
    return {found: count for found, count in rows}


async def count_unfiled(session: AsyncSession) -> int:
    """Number of ended calls whose recording is not filed yet."""
    count = await session.scalar(
        select(func.count())
        .select_from(Recording)
        .join(Call, Call.id == Recording.call_id)
        .where(_IS_PENDING, Call.state == CallState.ENDED)
    )
    return count or 0


async def count_lease_ends(session: AsyncSession, *, since: datetime) -> int:
    """How often a lease expired, so that the dialplan took the call back from the controller, at `since` or later."""
    count = await session.scalar(
        select(func.count()).select_from(CallEvent).where(_IS_LEASE_END, CallEvent.at >= since)
    )
    return count or 0


def _ended_since(since: datetime) -> tuple[ColumnElement[bool], ...]:
    return Call.arrived_at >= since - _LONGEST_CALL, Call.ended_at >= since

"""What may be counted about calls: a period's calls for reports, sums since a moment for whoever watches. Read-only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.models import Call, CallEvent, CallState, Outcome, Recording, RecordingState

_LONGEST_CALL = timedelta(days=1)
"""A call that ended lately arrived not much earlier: so the index on arrivals serves."""

# In full, because PostgreSQL cannot prove the condition of a partial index of a parameter.
_IS_LOST = text("call_event.kind = 'lost'")
_IS_LEASE_END = text("call_event.kind = 'lease_end'")
_IS_PENDING = text("recording.state = 'pending'")


@dataclass(frozen=True, slots=True)
class CallTimes:
    """One call. `outcome` is None while it goes on or is not settled yet; `was_lost`: Asterisk broke down in it."""

    arrived_at: datetime
    queued_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    danger: bool
    was_lost: bool


@dataclass(frozen=True, slots=True)
class CallStateCount:
    """The calls in one state: how many, and since when the first of them waits in the queue."""

    count: int
    queued_since: datetime | None


@dataclass(frozen=True, slots=True)
class WaitTimes:
    """How long callers waited in the queue for a person. `within[n]` counts those that waited `bounds[n]` or less."""

    count: int
    total_seconds: float
    bucket_counts: tuple[int, ...]


async def calls_between(session: AsyncSession, *, since: datetime, until: datetime) -> Sequence[CallTimes]:
    """The calls that arrived at `since` or later and before `until`, in the order of their arrival."""
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
    """The calls that go on now, by state; a state without calls is left out."""
    rows = await session.execute(
        select(Call.state, func.count(), func.min(Call.queued_at))
        .where(Call.state != CallState.ENDED, Call.outcome.is_(None))
        .group_by(Call.state)
    )
    return {state: CallStateCount(count, queued_since) for state, count, queued_since in rows}


async def count_outcomes(session: AsyncSession, *, since: datetime) -> dict[Outcome, int]:
    """The calls that ended at `since` or later, by outcome; a late line may still change the outcome of one."""
    rows = await session.execute(
        select(Call.outcome, func.count()).where(Call.outcome.is_not(None), *_ended_since(since)).group_by(Call.outcome)
    )
    return {found: count for found, count in rows if found is not None}


async def measure_waits(session: AsyncSession, *, since: datetime, bounds: Sequence[float]) -> WaitTimes:
    """Of the calls that a person answered at `since` or later."""
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
    """The recordings of the calls that ended at `since` or later, by state."""
    rows = await session.execute(
        select(Recording.state, func.count())
        .join(Call, Call.id == Recording.call_id)
        .where(*_ended_since(since))
        .group_by(Recording.state)
    )
    return {found: count for found, count in rows}


async def count_unfiled(session: AsyncSession) -> int:
    """Calls that have ended and whose recording is not in its place yet."""
    count = await session.scalar(
        select(func.count())
        .select_from(Recording)
        .join(Call, Call.id == Recording.call_id)
        .where(_IS_PENDING, Call.state == CallState.ENDED)
    )
    return count or 0


async def count_lease_ends(session: AsyncSession, *, since: datetime) -> int:
    """How often the dialplan took a call back because its lease was over, at `since` or later."""
    count = await session.scalar(
        select(func.count()).select_from(CallEvent).where(_IS_LEASE_END, CallEvent.at >= since)
    )
    return count or 0


def _ended_since(since: datetime) -> tuple[ColumnElement[bool], ...]:
    return Call.arrived_at >= since - _LONGEST_CALL, Call.ended_at >= since

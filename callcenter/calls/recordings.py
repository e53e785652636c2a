"""The recording's row of a call. Nothing here commits; files are other people's business."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.models import Call, CallEvent, CallState, Recording, RecordingState
from callcenter.calls.service import is_of_this_node
from callcenter.calls.transcripts import forget_transcript
from callcenter.core.database import notify

KEPT = (RecordingState.FILED, RecordingState.SHORT, RecordingState.SILENT)
"""States in which there is a file."""
RECORDING_BEGAN = "recording"
"""The timeline's line from which the recording's seconds count."""


@dataclass(frozen=True, slots=True)
class FiledRecording:
    """A file that lies in its place. `path` is relative to the recordings directory; `gaps` as in the model."""

    path: str
    seconds: float
    bytes: int
    sha256: str
    gaps: tuple[dict[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedSpan:
    """When a call was recorded: from the start of the recording to the caller's hang-up."""

    call: Call
    started_at: datetime
    ended_at: datetime
    recording: Recording | None

    @property
    def seconds(self) -> float:
        return max(0.0, (self.ended_at - self.started_at).total_seconds())


async def expect_recording(session: AsyncSession, call_id: str) -> None:
    """Asterisk has begun to record the call: a file must come of it."""
    await session.execute(
        insert(Recording)
        .values(call_id=call_id, state=RecordingState.PENDING, gaps=[])
        .on_conflict_do_nothing(index_elements=["call_id"])
    )


async def recorded_span(session: AsyncSession, call_id: str) -> RecordedSpan | None:
    """The span of a call that has ended; None when it goes on, or when there is no such call."""
    call = await session.get(Call, call_id, populate_existing=True)
    if call is None or call.state != CallState.ENDED or call.ended_at is None:
        return None
    started_at = (await recorded_since(session, [call_id]))[call_id]
    recording = await session.get(Recording, call_id, populate_existing=True)
    return RecordedSpan(call, started_at, call.ended_at, recording)


async def recorded_since(session: AsyncSession, call_ids: Sequence[str]) -> Mapping[str, datetime]:
    """When the recordings of these calls began, as far as anybody knows; calls that do not exist are left out."""
    began = and_(CallEvent.call_id == Call.id, CallEvent.kind == RECORDING_BEGAN)
    rows = await session.execute(
        select(Call.id, func.coalesce(func.min(CallEvent.at), Call.arrived_at))
        .outerjoin(CallEvent, began)
        .where(Call.id.in_(call_ids))
        .group_by(Call.id)
    )
    return {call_id: at for call_id, at in rows}


async def keep_recording(
    session: AsyncSession,
    call_id: str,
    *,
    state: RecordingState,
    now: datetime,
    filed: FiledRecording | None = None,
    fault: str | None = None,
) -> None:
    """Writes down what became of the recording; `fault` tells a person what is wrong with it."""
    values = {
        "state": state,
        "path": filed.path if filed else None,
        "seconds": filed.seconds if filed else None,
        "bytes": filed.bytes if filed else None,
        "sha256": filed.sha256 if filed else None,
        "gaps": list(filed.gaps) if filed else [],
        "filed_at": now if filed else None,
        "fault": fault,
    }
    await session.execute(
        insert(Recording)
        .values(call_id=call_id, **values)
        .on_conflict_do_update(index_elements=["call_id"], set_=values)
    )
    await notify(session, "recording", call_id)


async def overdue_recordings(session: AsyncSession, *, ended_before: datetime) -> Sequence[str]:
    """Calls of this node that ended before that moment and still wait for their file."""
    return (
        await session.scalars(
            select(Recording.call_id)
            .join(Call, Call.id == Recording.call_id)
            .where(
                Recording.state == RecordingState.PENDING,
                Call.state == CallState.ENDED,
                Call.ended_at < ended_before,
                is_of_this_node(session),
            )
            .order_by(Call.ended_at)
            .limit(200)
        )
    ).all()


async def claim_expired(session: AsyncSession, *, ended_before: datetime, limit: int = 100) -> Sequence[Recording]:
    """Recordings with a file on this node, of calls that ended before that moment, locked; rows that another
    transaction has locked are left out."""
    return (
        await session.scalars(
            select(Recording)
            .join(Call, Call.id == Recording.call_id)
            .where(Recording.state.in_(KEPT), Call.ended_at < ended_before, is_of_this_node(session))
            .order_by(Call.ended_at)
            .limit(limit)
            .with_for_update(skip_locked=True, of=Recording)
        )
    ).all()


async def expire_recording(session: AsyncSession, recording: Recording) -> None:
    """The file has been removed at the end of its retention, and so are its words; the row stays, with the checksum of
    what was there."""
    await forget_transcript(session, recording.call_id)
    recording.state = RecordingState.EXPIRED
    recording.path = None
    await session.flush()
    await notify(session, "recording", recording.call_id)

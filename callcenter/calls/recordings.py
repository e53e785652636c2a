"""Reads and writes the recording row of a call. Nothing here commits or touches files (see
`callcenter/recordings/`)."""

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
from callcenter.core.event_kinds import EventKind

KEPT = (RecordingState.FILED, RecordingState.SHORT, RecordingState.SILENT)
"""States in which the recording has a file."""
RECORDING_BEGAN = EventKind.RECORDING
"""Timeline kind that marks the start of the recording: second 0 of the file."""


@dataclass(frozen=True, slots=True)
class FiledRecording:
    """A recording file that was filed. `path` is relative to the recordings directory; `gaps` as in `Recording`."""

    path: str
    seconds: float
    bytes: int
    sha256: str
    gaps: tuple[dict[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedSpan:
    """The recorded time of an ended call: from the start of the recording to the caller's hangup."""

    call: Call
    started_at: datetime
    ended_at: datetime
    recording: Recording | None

    @property
    def seconds(self) -> float:
        return max(0.0, (self.ended_at - self.started_at).total_seconds())


async def expect_recording(session: AsyncSession, call_id: str) -> None:
    """Creates the row when Asterisk has started recording, so that a missing file is noticed. Idempotent."""
    await session.execute(
        insert(Recording)
        .values(call_id=call_id, state=RecordingState.PENDING, gaps=[])
        .on_conflict_do_nothing(index_elements=["call_id"])
    )


async def recorded_span(session: AsyncSession, call_id: str) -> RecordedSpan | None:
    """The recorded span of an ended call; None when the call is still running or does not exist."""
    call = await session.get(Call, call_id, populate_existing=True)
    if call is None or call.state != CallState.ENDED or call.ended_at is None:
        return None
    started_at = (await recorded_since(session, [call_id]))[call_id]
    recording = await session.get(Recording, call_id, populate_existing=True)
    return RecordedSpan(call, started_at, call.ended_at, recording)


async def recorded_since(session: AsyncSession, call_ids: Sequence[str]) -> Mapping[str, datetime]:
    """Call id -> start of the recording, or the arrival if the start is unknown. Unknown calls are left out."""
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
    """Saves the state of the recording and, with `filed`, its file. `fault`: what is wrong with it, for people."""
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
    """Ids of this node's calls that ended before `ended_before` and whose recording is still pending.

    At most 200, the oldest first.
    """
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
    """Locks and returns recordings with a file on this node, of calls that ended before `ended_before`.

    Rows locked by others are skipped.
    """
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
    """Marks the recording as expired after its file was removed, and deletes the transcript. The row and its checksum
    stay."""
    await forget_transcript(session, recording.call_id)
    recording.state = RecordingState.EXPIRED
    recording.path = None
    await session.flush()
    await notify(session, "recording", recording.call_id)

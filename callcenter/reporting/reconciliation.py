"""Compares Asterisk, the files and the database and lists orphans: objects that do not match each other.

Runs during live operation. Objects younger than SETTLED are ignored, because they may still be in processing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.callbacks.models import Callback, CallbackKind, CallbackState
from callcenter.calls.models import Call, CallLeg, CallState, Outcome, Recording, RecordingState
from callcenter.calls.recordings import KEPT
from callcenter.core.database import Database
from callcenter.intake.applying import unapplied_since
from callcenter.intake.asterisk_state import AsteriskState, SeenBridge, SeenChannel
from callcenter.intake.intake_paths import IntakePaths
from callcenter.tickets.models import Ticket, TicketCall, TicketCounter, TicketState

SETTLED = timedelta(seconds=20)
"""Age from which an ended call must have its outcome, its recording and its notes."""

INSIDE = "internal"
"""Dialplan context of calls dialed by dispatchers; they have no record."""

_ALWAYS_DUE_KINDS = (CallbackKind.PROMISE, CallbackKind.LOST)
"""Callbacks that are due even if the robot or a dispatcher answered; the dispatcher needs the draft for them."""
MISSED = (Outcome.ABANDONED, Outcome.VOICEMAIL, Outcome.CALLBACK, Outcome.OVERFLOW)
"""Outcomes that require a callback."""


@dataclass(frozen=True, slots=True, order=True)
class Orphan:
    """`kind` is a stable code; `subject` is an id or a file; `message` says what is wrong, in English."""

    kind: str
    subject: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}: {self.message}"


async def find_orphans(
    database: Database, places: IntakePaths, recordings: Path, asterisk_state: AsteriskState, *, now: datetime
) -> list[Orphan]:
    """All orphans, sorted. `recordings`: directory of filed recordings.

    Raises DatabaseUnavailable, and AsteriskUnavailable from `asterisk_state`.
    """
    channels, bridges = await asterisk_state.list_channels(), await asterisk_state.list_bridges()
    async with database.begin() as session:
        found = await _find_channel_and_call_orphans(session, channels, now=now)
        found += _find_bridge_orphans(bridges, now=now)
        found += await _find_incomplete_calls(session, now=now)
        found += await _find_callback_orphans(session)
        found += await _find_ticket_orphans(session)
        found += await _find_recording_orphans(session, recordings, now=now)
        found += await _find_raw_file_orphans(session, places.raw_recordings, now=now)
        found += await _find_note_orphans(session, places.journal, now=now)
    return sorted(found)


async def _find_channel_and_call_orphans(
    session: AsyncSession, channels: Sequence[SeenChannel], *, now: datetime
) -> list[Orphan]:
    running = (await session.scalars(select(Call).where(Call.state != CallState.ENDED))).all()
    fresh = (await session.scalars(select(Call.id).where(Call.ended_at > now - SETTLED))).all()
    legs = await session.scalars(
        select(CallLeg.channel_id).where(CallLeg.call_id.in_([*(call.id for call in running), *fresh]))
    )
    known = {*(call.id for call in running), *fresh, *legs}
    found = [
        Orphan("channel", channel.id, f"{channel.name} in [{channel.context}] belongs to no running call")
        for channel in channels
        if channel.id not in known and channel.context != INSIDE and channel.created_at < now - SETTLED
    ]
    alive = {channel.id for channel in channels}
    found += [
        Orphan("call", call.id, f"is {call.state} in the database, but Asterisk has no such channel")
        for call in running
        if call.id not in alive and call.arrived_at < now - SETTLED
    ]
    return found


def _find_bridge_orphans(bridges: Sequence[SeenBridge], *, now: datetime) -> list[Orphan]:
    return [
        Orphan("bridge", bridge.id, f"holds {len(bridge.channels)} channel(s): nobody talks in it")
        for bridge in bridges
        if len(bridge.channels) < 2 and bridge.created_at < now - SETTLED
    ]


async def _find_incomplete_calls(session: AsyncSession, *, now: datetime) -> list[Orphan]:
    late = and_(Call.state == CallState.ENDED, Call.ended_at < now - SETTLED)
    outcomeless = await session.scalars(select(Call.id).where(late, Call.outcome.is_(None)))
    ticketless = await session.scalars(
        select(Call.id).where(~exists().where(TicketCall.call_id == Call.id, TicketCall.is_main))
    )
    return [
        *(Orphan("call", call_id, "ended long ago and has no outcome") for call_id in outcomeless),
        *(Orphan("call", call_id, "has no ticket, not even a draft") for call_id in ticketless),
    ]


async def _find_callback_orphans(session: AsyncSession) -> list[Orphan]:
    without_callback = await session.scalars(
        select(Call.id)
        .outerjoin(Callback, Callback.call_id == Call.id)
        .where(Call.outcome.in_(MISSED), Callback.id.is_(None))
    )
    needless = await session.scalars(
        select(Callback.id)
        .join(Call, Call.id == Callback.call_id)
        .where(
            Callback.state == CallbackState.OPEN,
            Callback.kind.not_in(_ALWAYS_DUE_KINDS),
            Call.outcome.in_((Outcome.ROBOT, Outcome.TALKED)),
        )
    )
    return [
        *(
            Orphan("call", call_id, "was missed and has no callback: nobody will call back")
            for call_id in without_callback
        ),
        *(Orphan("callback", str(callback_id), "is open, but its call was answered") for callback_id in needless),
    ]


async def _find_ticket_orphans(session: AsyncSession) -> list[Orphan]:
    owed = exists().where(Callback.call_id == Call.id, Callback.kind.in_(_ALWAYS_DUE_KINDS))
    drafts = await session.scalars(
        select(Ticket.id)
        .join(TicketCall, and_(TicketCall.ticket_id == Ticket.id, TicketCall.is_main))
        .join(Call, Call.id == TicketCall.call_id)
        .where(
            or_(
                and_(Ticket.state == TicketState.DRAFT, Call.outcome == Outcome.ROBOT, ~owed),
                and_(Ticket.state == TicketState.DROPPED, Call.outcome.in_((*MISSED, Outcome.TALKED))),
            )
        )
    )
    numbers = await session.execute(
        select(TicketCounter.company_id, TicketCounter.year, TicketCounter.last, func.count(Ticket.id))
        .outerjoin(Ticket, and_(Ticket.company_id == TicketCounter.company_id, Ticket.year == TicketCounter.year))
        .group_by(TicketCounter.company_id, TicketCounter.year, TicketCounter.last)
    )
    return [
        *(Orphan("draft", str(ticket_id), "does not fit the outcome of its call") for ticket_id in drafts),
        *(
            Orphan(
                "numbers",
                f"{year} of company {company_id}",
                f"{last} ticket numbers were given, {held} tickets hold one",
            )
            for company_id, year, last, held in numbers
            if last != held
        ),
    ]


async def _find_recording_orphans(session: AsyncSession, root: Path, *, now: datetime) -> list[Orphan]:
    rows = (await session.scalars(select(Recording).where(Recording.state.in_(KEPT)))).all()
    found = []
    for row in rows:
        file = root / (row.path or "")
        if row.path is None or not file.is_file():
            found.append(Orphan("recording", row.call_id, f"its file {row.path} is gone"))
        elif file.stat().st_size != row.bytes:
            found.append(
                Orphan("recording", row.call_id, f"{row.path} has {file.stat().st_size} bytes, not {row.bytes}")
            )
    waiting = await session.scalars(
        select(Recording.call_id)
        .join(Call, Call.id == Recording.call_id)
        .where(Recording.state == RecordingState.PENDING, Call.state == CallState.ENDED, Call.ended_at < now - SETTLED)
    )
    found += [Orphan("recording", call_id, "ended long ago and is not filed") for call_id in waiting]
    held = {row.path for row in rows}
    found += [
        Orphan("file", path, "is no call's recording")
        for path in _flac_files(root, before=now - SETTLED)
        if path not in held
    ]
    return found


async def _find_raw_file_orphans(session: AsyncSession, monitor: Path, *, now: datetime) -> list[Orphan]:
    stems = _raw_stems(monitor, before=now - SETTLED)
    rows = await session.execute(select(Call.id, Call.state).where(Call.id.in_(stems)))
    states = {call_id: state for call_id, state in rows}
    return [
        Orphan(
            "raw", f"{stem}.raw", "its call has ended and it is not filed" if stem in states else "no call has this id"
        )
        for stem in stems
        if states.get(stem, CallState.ENDED) == CallState.ENDED
    ]


async def _find_note_orphans(session: AsyncSession, journal: Path, *, now: datetime) -> list[Orphan]:
    found = []
    since = await unapplied_since(session, journal)
    if since is not None and since < now - SETTLED:
        found.append(Orphan("notes", str(journal), f"the database has not taken the notes since {since:%F %T} UTC"))
    refused = journal / "refused.jsonl"
    if refused.exists():
        found.append(Orphan("notes", str(refused), "holds notes that could not be applied; look, mend, remove it"))
    return found


def _flac_files(root: Path, *, before: datetime) -> list[str]:
    """FLAC files below `root`, including unfinished ones, last modified before `before`; paths relative to `root`."""
    if not root.is_dir():
        return []
    return [file.relative_to(root).as_posix() for file in root.rglob("*.flac*") if _is_modified_before(file, before)]


def _raw_stems(monitor: Path, *, before: datetime) -> list[str]:
    return [file.stem for file in monitor.glob("*.raw") if _is_modified_before(file, before)]


def _is_modified_before(file: Path, moment: datetime) -> bool:
    try:
        return file.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:
        return False

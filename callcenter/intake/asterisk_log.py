"""Follows Asterisk's CEL and queue_log files into the database. Runs in the clerk process.

The files are authoritative (ADR 6): they are complete even for times when no process was connected to AMI or ARI. Each
batch of lines and the new read offset are written in one transaction, so after a crash a batch is either fully applied
or repeated.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import raise_alarm
from callcenter.calls.models import Call, CallEvent, CallState, EventSource
from callcenter.calls.service import mark_ended, record_event
from callcenter.core.clock import Clock, SystemClock
from callcenter.core.database import Database, is_conflict, is_unavailable, node_of
from callcenter.core.errors import DatabaseUnavailable
from callcenter.core.event_kinds import EventKind
from callcenter.intake.applying import unapplied_since
from callcenter.intake.cel import parse_cel_line
from callcenter.intake.intake_lock import lock_intake
from callcenter.intake.intake_paths import IntakePaths
from callcenter.intake.log_events import apply_cel_event, apply_queue_event
from callcenter.intake.models import ReadOffset
from callcenter.intake.queue_log import parse_queue_line
from callcenter.intake.settling import GRACE, settle_ended_calls
from callcenter.journal.file_follower import FileChunk, FilePosition, read_chunk

LOOK_SECONDS = 0.25
"""Polling interval of both files."""
SETTLE_SECONDS = 1.0
"""Interval between two runs of `assign_outcomes` during activity."""
QUIET_SETTLE_SECONDS = 5.0
"""The same interval after STIRRED_SECONDS without activity. Longer: less load on an idle system."""
STIRRED_SECONDS = 10.0
"""How long SETTLE_SECONDS applies after the last activity. Must exceed GRACE, so that the calls that caused the
activity are settled in time."""
PATIENCE = (0.5, 5.0)
"""First and longest pause between attempts while the database is away, seconds."""
BATCH_BYTES = 1 << 16
"""Bytes of a file applied per transaction. Larger: fewer transactions, but the intake lock is held longer."""

_log = structlog.get_logger()

_FileState = tuple[int, int, int]
"""(inode, size in bytes, modification time in nanoseconds)."""


@dataclass(frozen=True, slots=True)
class _LogFile:
    """One of Asterisk's files. `take` applies a line to the database; returns False for an unreadable line."""

    name: str
    file: Path
    take: Callable[[AsyncSession, str], Awaitable[bool]]


class AsteriskLogReader:
    """Follows CEL and queue_log into the database, and settles the calls that have ended."""

    def __init__(self, database: Database, places: IntakePaths, *, clock: Clock | None = None) -> None:
        self._database = database
        self._journal = places.journal
        self._sources = (
            _LogFile("cel", places.cel_file, _apply_cel_line),
            _LogFile("queue_log", places.queue_log, _apply_queue_line),
        )
        self._clock = clock or SystemClock()
        self._fully_read_states: dict[str, _FileState | None] = {}
        """The state of each file when it was last read to its end; an equal state means that nothing is new."""
        self._has_more_lines = False
        """True when the last read stopped before the end of a file."""
        self._has_activity = True
        """True when lines were read or calls were settled or closed since `run` last checked."""

    async def run(self) -> None:
        """Reads new lines and settles ended calls until cancelled. Retries while the database is away."""
        pause, loop = PATIENCE[0], asyncio.get_running_loop()
        settled_at = stirred_until = -QUIET_SETTLE_SECONDS
        while True:
            try:
                await self.read_new_lines()
                now = loop.time()
                if self._has_activity:
                    self._has_activity, stirred_until = False, now + STIRRED_SECONDS
                if now - settled_at >= (SETTLE_SECONDS if now < stirred_until else QUIET_SETTLE_SECONDS):
                    settled_at = now
                    self._has_activity = await self.assign_outcomes() > 0
                pause = PATIENCE[0]
                if not self._has_more_lines:
                    await asyncio.sleep(LOOK_SECONDS)
            except DatabaseUnavailable:
                _log.warning("database away, the files wait", pause=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, PATIENCE[1])
            except DBAPIError as error:
                if not is_conflict(error):
                    raise

    async def read_new_lines(self) -> bool:
        """Applies the next batch of lines of each file; False when there were none. Raises DatabaseUnavailable.

        queue_log is read only after CEL is read to its end, because its lines refer to calls that CEL introduces.
        """
        read = self._has_more_lines = False
        for source in self._sources:
            passage = await self._read_source(source)
            read = read or passage is not None
            if passage is not None and passage.has_more:
                self._has_more_lines = True
                break
        self._has_activity = self._has_activity or read
        return read

    async def assign_outcomes(self) -> int:
        """Settles the calls that ended more than GRACE before now and before the oldest unapplied note.

        Returns how many. Raises DatabaseUnavailable.
        """
        now = self._clock.now()
        async with self._database.begin() as session:
            waiting = await unapplied_since(session, self._journal)
            until = (min(now, waiting) if waiting is not None else now) - GRACE
            return await settle_ended_calls(session, until=until, now=now)

    async def close_lost_calls(self, call_ids: Collection[str]) -> tuple[str, ...]:
        """Closes those of these calls whose end is in neither file; returns their ids. Raises DatabaseUnavailable.

        The last line of a call's timeline counts as its end; the true end is unknown.
        """
        while await self.read_new_lines():
            pass
        async with self._database.begin() as session:
            await lock_intake(session)
            calls = (
                await session.scalars(
                    select(Call)
                    .where(Call.state != CallState.ENDED, Call.id.in_(call_ids))
                    .with_for_update(key_share=True)
                    .execution_options(populate_existing=True)
                )
            ).all()
            for call in calls:
                last = await session.scalar(select(func.max(CallEvent.at)).where(CallEvent.call_id == call.id))
                ended_at = last or call.arrived_at
                await record_event(
                    session, call.id, at=ended_at, source=EventSource.CENTRE, kind=EventKind.LOST, key=f"lost:{call.id}"
                )
                await mark_ended(session, call, at=ended_at, cause=None)
            self._has_activity = True
            return tuple(call.id for call in calls)

    async def _read_source(self, source: _LogFile) -> FileChunk | None:
        """Applies and returns the next chunk; None when nothing is new. An unchanged file costs no database query.

        The first attempt uses no savepoints, because they would double the number of statements. If a line fails, the
        chunk is rolled back and repeated with one savepoint per line.
        """
        state = _stat_file(source.file)
        if source.name in self._fully_read_states and state == self._fully_read_states[source.name]:
            return None
        try:
            return await self._apply_chunk(source, state, one_by_one=False)
        except Exception as error:
            if is_unavailable(error) or is_conflict(error):
                raise
        return await self._apply_chunk(source, state, one_by_one=True)

    async def _apply_chunk(self, source: _LogFile, state: _FileState | None, *, one_by_one: bool) -> FileChunk | None:
        async with self._database.begin() as session:
            await lock_intake(session)  # also excludes a second reader, such as a dying old process
            row = await session.get(ReadOffset, (node_of(session), source.name))
            place = None if row is None else FilePosition(row.inode, row.offset)
            passage = read_chunk(source.file, place, limit=BATCH_BYTES)
            if passage.position is None or passage.position == place:
                if state is not None or passage.position is None:  # without `file`, its rotated file may still grow
                    self._fully_read_states[source.name] = state
                return None
            if passage.is_file_lost:
                await self._raise_loss_alarm(session, source)
            for line in passage.lines:
                if one_by_one:
                    await self._apply_line_in_savepoint(session, source, line, until=passage.position.offset)
                else:
                    _log_unreadable(source, line, known=await source.take(session, line))
            await session.merge(
                ReadOffset(
                    node_id=node_of(session),
                    file=source.name,
                    inode=passage.position.inode,
                    offset=passage.position.offset,
                )
            )
        return passage

    async def _apply_line_in_savepoint(self, session: AsyncSession, source: _LogFile, line: str, *, until: int) -> None:
        """Applies one line in its own savepoint. A line that fails raises an alarm and does not block the next ones."""
        try:
            async with session.begin_nested():
                known = await source.take(session, line)
        except Exception as error:
            if is_unavailable(error) or is_conflict(error):
                raise
            _log.exception("a line could not be taken", file=source.name, length=len(line))
            await raise_alarm(
                session,
                kind=AlarmKind.JOURNAL,
                subject=f"{source.name}: строка",
                message=f"Строку файла {source.file.name} не удалось учесть: в записи звонка может чего-то не хватать.",
                now=self._clock.now(),
                facts={"before_byte": until},
            )
            return
        _log_unreadable(source, line, known=known)

    async def _raise_loss_alarm(self, session: AsyncSession, source: _LogFile) -> None:
        _log.error("a file was removed before it was read to its end", file=str(source.file))
        await raise_alarm(
            session,
            kind=AlarmKind.JOURNAL,
            subject=source.name,
            message=f"Файл {source.file.name} удалён до того, как был прочитан: часть звонков могла потеряться.",
            now=self._clock.now(),
        )


def _log_unreadable(source: _LogFile, line: str, *, known: bool) -> None:
    if not known:  # the text may contain a phone number, so it is not logged
        _log.warning("a line could not be read", file=source.name, length=len(line))


def _stat_file(file: Path) -> _FileState | None:
    try:
        seen = file.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_size, seen.st_mtime_ns


async def _apply_cel_line(session: AsyncSession, line: str) -> bool:
    event = parse_cel_line(line)
    if event is not None:
        await apply_cel_event(session, event)
    return event is not None


async def _apply_queue_line(session: AsyncSession, line: str) -> bool:
    event = parse_queue_line(line)
    if event is not None:
        await apply_queue_event(session, event)
    return event is not None or line.count("|") >= 4  # a line about the queue itself, not about a call

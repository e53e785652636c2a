"""Applies the notes of the journal (`journal/notes.py`) to the database: exactly once and in order, even after crashes.

The journal position is saved in the same transaction as the effects of the notes. A damaged line, or a note that cannot
be applied, is moved to `refused.jsonl` with an alarm, so that it does not block the notes of other calls.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import raise_alarm
from callcenter.core.database import Database, is_conflict, is_unavailable, node_of
from callcenter.core.errors import DatabaseUnavailable
from callcenter.core.event_kinds import EventKind
from callcenter.intake.intake_lock import lock_intake
from callcenter.intake.models import ReadOffset
from callcenter.journal.notes import BATCH, JournalLine, JournalPosition, Note, read_lines, trim

LOOK_SECONDS = 0.05
"""Polling interval of the journal. Polling is needed because the controller, a separate process, writes the journal."""
GATHER_SECONDS = 0.15
"""Seconds to wait after a new note, so that later notes share its transaction: a transaction costs more than a note.
Longer: fewer transactions; shorter: notes reach the database sooner."""
RETRY_PAUSES = (0.2, 5.0)
"""First and longest pause between attempts while the database is away, seconds."""

TAKES_A_NUMBER = EventKind.TICKET_WANTED
"""A note of this kind ends its batch. It takes a ticket number, and the number counter stays locked until the commit,
while other callers wait for their numbers."""

_OFFSET_NAME = "journal"
_log = structlog.get_logger()

Apply = Callable[[AsyncSession, Note], Awaitable[None]]
"""Applies one note to the database. Must be idempotent and must not commit."""


async def apply_notes(directory: Path, database: Database, apply: Apply) -> None:
    """Applies notes, also those left by an earlier controller, until cancelled. Retries while the database is away."""
    pause = RETRY_PAUSES[0]
    reached: JournalPosition | None = None
    while True:
        try:
            if reached is None:
                reached = await _look_up_position(database)
            if read_lines(directory, reached, limit=1):
                await asyncio.sleep(GATHER_SECONDS)
            else:
                await asyncio.sleep(LOOK_SECONDS)
            while reached is not None and read_lines(directory, reached, limit=1):
                reached = await apply_batch(directory, database, apply)
            pause = RETRY_PAUSES[0]
        except DatabaseUnavailable:
            reached = None
            _log.warning("database away, notes wait", pause=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY_PAUSES[1])
        except DBAPIError as error:
            if not is_conflict(error):
                raise


async def saved_position(session: AsyncSession) -> JournalPosition | None:
    """The journal position up to which notes are applied; None before the first note."""
    row = await session.scalar(
        select(ReadOffset).where(ReadOffset.node_id == node_of(session), ReadOffset.file == _OFFSET_NAME)
    )
    return None if row is None else JournalPosition(row.inode, row.offset)


async def _look_up_position(database: Database) -> JournalPosition:
    async with database.begin() as session:
        return await saved_position(session) or JournalPosition(0, 0)


async def unapplied_since(session: AsyncSession, directory: Path) -> datetime | None:
    """The time of the oldest note that is not applied yet; None when all notes are applied."""
    for line in read_lines(directory, await saved_position(session), limit=BATCH):
        if line.note is not None:
            return line.note.at
    return None


async def apply_batch(directory: Path, database: Database, apply: Apply) -> JournalPosition | None:
    """Applies the next batch of notes in one transaction. Returns the new position, or None when no note was left.

    The first attempt uses no savepoints, because they would double the number of statements. If a note fails, the batch
    is rolled back and repeated with one savepoint per note. Raises DatabaseUnavailable.
    """
    try:
        return await _apply_batch(directory, database, apply, one_by_one=False)
    except Exception as error:
        if is_unavailable(error) or is_conflict(error):
            raise
    return await _apply_batch(directory, database, apply, one_by_one=True)


async def _apply_batch(
    directory: Path, database: Database, apply: Apply, *, one_by_one: bool
) -> JournalPosition | None:
    async with database.begin() as session:
        await lock_intake(session)
        position = await saved_position(session)
        lines = _cut_after_ticket_number(read_lines(directory, position))
        one_by_one = one_by_one or any(line.note is None for line in lines)
        for line in lines:
            if one_by_one:
                await _apply_line(session, line, apply, directory)
            elif line.note is not None:
                await apply(session, line.note)
        if lines:
            end = lines[-1].end
            await session.merge(
                ReadOffset(node_id=node_of(session), file=_OFFSET_NAME, inode=end.segment, offset=end.offset)
            )
    reached = lines[-1].end if lines else position
    if reached is not None:
        trim(directory, reached)
    return reached if lines else None


def _cut_after_ticket_number(lines: list[JournalLine]) -> list[JournalLine]:
    for count, line in enumerate(lines, start=1):
        if line.note is not None and line.note.kind == TAKES_A_NUMBER:
            return lines[:count]
    return lines


async def _apply_line(session: AsyncSession, line: JournalLine, apply: Apply, directory: Path) -> None:
    if line.note is None:
        await _set_line_aside(session, directory, line, "the line is damaged")
        return
    try:
        async with session.begin_nested():
            await apply(session, line.note)
    except Exception as error:
        if is_unavailable(error) or is_conflict(error):
            raise  # the caller repeats the whole batch
        _log.exception("note refused", note=line.note.id, call_id=line.note.call_id, kind=line.note.kind)
        await _set_line_aside(session, directory, line, str(error))


async def _set_line_aside(session: AsyncSession, directory: Path, line: JournalLine, reason: str) -> None:
    refused = {"segment": line.end.segment, "end": line.end.offset, "reason": reason, "line": line.text}
    facts = {"reason": reason, "call_id": line.note.call_id if line.note else None}
    try:
        with (directory / "refused.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(refused, ensure_ascii=False) + "\n")
    except OSError:  # a full disk must not block the following notes
        _log.exception("a refused note is kept by its alarm alone")
        facts["line"] = line.text.replace("\0", "")  # PostgreSQL cannot store NUL in text
    await raise_alarm(
        session,
        kind=AlarmKind.JOURNAL,
        subject=f"{line.end.segment}:{line.end.offset}",
        message="Запись робота о звонке не удалось прочитать или применить; она отложена в refused.jsonl.",
        now=line.note.at if line.note else datetime.now(UTC),
        facts=facts,
    )

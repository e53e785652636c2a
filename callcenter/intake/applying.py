"""The robot's notes put into the database: exactly once and in order, whatever dies in between.

How far they are applied is saved in the same transaction as their effects. A line that cannot be read, or a note that
cannot be applied, is put aside in `refused.jsonl` with an alarm: it must not hold up the calls behind it.
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
from callcenter.intake.intake_lock import lock_intake
from callcenter.intake.models import ReadOffset
from callcenter.journal.notes import BATCH, JournalLine, JournalPosition, Note, read_lines, trim

LOOK_SECONDS = 0.05
"""Between two looks at the journal: whoever writes it is another program."""
GATHER_SECONDS = 0.15
"""The notes of so long share a transaction: what is done for each of those costs more than a note."""
RETRY_PAUSES = (0.2, 5.0)
"""First and longest pause between attempts while the database is away, seconds."""

TAKES_A_NUMBER = "ticket_wanted"
"""The last note of its transaction: the counter of numbers stays locked until the commit, and callers wait for it."""

_OFFSET_NAME = "journal"
_log = structlog.get_logger()

Apply = Callable[[AsyncSession, Note], Awaitable[None]]
"""Puts a note into the database; must be repeatable; leaves the commit to the caller."""


async def apply_notes(directory: Path, database: Database, apply: Apply) -> None:
    """Applies the notes of a journal as they come, and those an earlier controller left, until cancelled."""
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
    """How far the journal is applied; None when nothing is yet."""
    row = await session.scalar(
        select(ReadOffset).where(ReadOffset.node_id == node_of(session), ReadOffset.file == _OFFSET_NAME)
    )
    return None if row is None else JournalPosition(row.inode, row.offset)


async def _look_up_position(database: Database) -> JournalPosition:
    async with database.begin() as session:
        return await saved_position(session) or JournalPosition(0, 0)


async def unapplied_since(session: AsyncSession, directory: Path) -> datetime | None:
    """The moment of the oldest note that the database has not taken; None when there is none."""
    for line in read_lines(directory, await saved_position(session), limit=BATCH):
        if line.note is not None:
            return line.note.at
    return None


async def apply_batch(directory: Path, database: Database, apply: Apply) -> JournalPosition | None:
    """Applies the next notes in one transaction; how far all is applied then, or None when there was nothing to do.

    At first without savepoints, which would double the work; when a note fails, all again and each by itself. Raises
    DatabaseUnavailable.
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
            raise  # the whole batch is tried again
        _log.exception("note refused", note=line.note.id, call_id=line.note.call_id, kind=line.note.kind)
        await _set_line_aside(session, directory, line, str(error))


async def _set_line_aside(session: AsyncSession, directory: Path, line: JournalLine, reason: str) -> None:
    refused = {"segment": line.end.segment, "end": line.end.offset, "reason": reason, "line": line.text}
    facts = {"reason": reason, "call_id": line.note.call_id if line.note else None}
    try:
        with (directory / "refused.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(refused, ensure_ascii=False) + "\n")
    except OSError:  # a full disk must not hold up the calls behind it, either
        _log.exception("a refused note is kept by its alarm alone")
        facts["line"] = line.text.replace("\0", "")  # which the database cannot hold
    await raise_alarm(
        session,
        kind=AlarmKind.JOURNAL,
        subject=f"{line.end.segment}:{line.end.offset}",
        message="Запись робота о звонке не удалось прочитать или применить; она отложена в refused.jsonl.",
        now=line.note.at if line.note else datetime.now(UTC),
        facts=facts,
    )

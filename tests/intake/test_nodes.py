"""Two machines that serve one database: each reads its own files, and none closes the other's calls."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.models import CallState, EventSource
from callcenter.calls.service import lock_call
from callcenter.core.database import Database, node_of
from callcenter.core.ids import call_id_prefix
from callcenter.intake.admission import admit
from callcenter.intake.applying import apply_batch
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.lost_calls import MISSING_SECONDS, LostCalls
from callcenter.intake.models import ReadOffset
from callcenter.journal.notes import Journal, Note
from tests.helpers.planted_exchange import PlantedExchange
from tests.stand_ins.asterisk_files import AsteriskFiles
from tests.stand_ins.clock import MORNING, FakeClock


async def test_each_node_keeps_its_own_place_in_a_journal_of_the_same_name(
    database_address: str, tmp_path: Path
) -> None:
    for node_id, count in (("north", 1), ("south", 3)):
        database = Database(database_address, node_id=node_id)
        directory = tmp_path / node_id
        journal = Journal(directory)
        call_id = f"{call_id_prefix(node_id)}b1-1.1"
        for number in range(count):
            journal.write(Note(id=f"{node_id}{number}", call_id=call_id, at=MORNING, kind="key", facts={"key": "1"}))
        journal.close()
        applied: list[tuple[str, str]] = []

        async def apply(session: AsyncSession, note: Note, applied: list[tuple[str, str]] = applied) -> None:
            applied.append((node_of(session), note.call_id))

        while await apply_batch(directory, database, apply) is not None:
            pass
        assert applied == [(node_id, call_id)] * count
        await database.close()
    database = Database(database_address)
    async with database.begin() as session:
        rows = (await session.scalars(select(ReadOffset).order_by(ReadOffset.node_id))).all()
    assert [(row.node_id, row.file) for row in rows] == [("north", "journal"), ("south", "journal")]
    await database.close()


async def test_a_node_whose_asterisk_is_empty_closes_its_own_calls_only(
    database_address: str, files: AsteriskFiles, clock: FakeClock
) -> None:
    north = Database(database_address, node_id="north")
    ours, theirs = "north_b1-1.1", "south_b1-1.1"
    async with north.begin() as session:
        for call_id in (ours, theirs):
            await admit(session, call_id, at=MORNING, dialled="", caller_shown="", source=EventSource.CEL)
    truth = AsteriskLogReader(north, files, clock=clock)
    lost = LostCalls(north, truth, PlantedExchange(), clock=clock)
    await lost.detect_lost_calls()
    clock.advance(seconds=MISSING_SECONDS + 1)
    await lost.detect_lost_calls()
    async with north.begin() as session:
        states = [(await lock_call(session, call_id)).state for call_id in (ours, theirs)]
    assert states == [CallState.ENDED, CallState.IVR]
    await north.close()

"""`reconcile` names every thing that belongs to nothing, one planted orphan of each kind, and nothing else."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from callcenter.core.database import Database
from callcenter.core.errors import DatabaseUnavailable
from callcenter.intake.applying import apply_batch
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.asterisk_state import SeenBridge, SeenChannel
from callcenter.intake.note_applier import NoteApplier
from callcenter.journal.notes import Journal, Note
from callcenter.operations.postgres import PostgresCluster
from callcenter.recordings.filing import RecordingFiler
from callcenter.reporting.reconciliation import Orphan, find_orphans
from callcenter.settings import RecordingSettings, Settings
from tests.helpers.recorded_call import RecordedCall, file_all, sound
from tests.stand_ins.asterisk_files import AsteriskFiles, InboundCall
from tests.stand_ins.clock import MORNING, FakeClock

LONG_AGO = MORNING - timedelta(hours=1)


class PlantedSwitch:
    """Asterisk that holds what the test put there."""

    def __init__(self) -> None:
        self.held: list[SeenChannel] = []
        self.bridged: list[SeenBridge] = []

    async def list_channels(self) -> Sequence[SeenChannel]:
        return self.held

    async def list_bridges(self) -> Sequence[SeenBridge]:
        return self.bridged


class Town:
    """A centre after a morning's work: everything belongs to something."""

    def __init__(self, database: Database, files: AsteriskFiles, root: Path, clock: FakeClock) -> None:
        self.database = database
        self.files = files
        self.root = root
        self.clock = clock
        self.switch = PlantedSwitch()

    async def orphans(self) -> list[Orphan]:
        return await find_orphans(self.database, self.files, self.root, self.switch, now=self.clock.now())

    async def run(self, statement: str) -> None:
        async with self.database.begin() as session:
            await session.execute(text(statement))

    def file_of(self, call_id: str) -> Path:
        (file,) = self.root.rglob(f"*-{call_id}.flac")
        return file

    def age(self, file: Path, moment: datetime = LONG_AGO) -> None:
        os.utime(file, (moment.timestamp(), moment.timestamp()))


@pytest.fixture
async def town(
    *,
    database: Database,
    files: AsteriskFiles,
    truth: AsteriskLogReader,
    clock: FakeClock,
    bookkeeper: NoteApplier,
    tmp_path: Path,
) -> Town:
    root = tmp_path / "recordings"
    filer = RecordingFiler(database, files, Settings(recordings=RecordingSettings(directory=root)), clock=clock)
    book = Journal(files.journal)
    for number, kind in enumerate(("served", "ticket_wanted", "missed", "talks")):
        call = RecordedCall(files, clock, filer, f"b1-17.{number}")
        book.write(Note(f"n{number}", call.call_id, clock.now(), kind, {"category": "WAT_LEAK"}))
        call.sounds(1)
        call.hangs_up()
    while await apply_batch(files.journal, database, bookkeeper.apply):
        pass
    await file_all(truth, filer, clock)
    talking = InboundCall(files, "b1-17.3", MORNING)
    talking.rings("b1-17.33", 1)
    talking.connects("b1-17.33", 2)
    running = InboundCall(files, "b1-17.4", clock.now())
    running.arrives()
    clock.advance(minutes=2)
    while await truth.read_new_lines():
        pass
    await truth.assign_outcomes()
    book.close()
    town = Town(database, files, root, clock)
    town.switch.held = [SeenChannel("b1-17.4", "PJSIP/trunk-00000004", "inbound", MORNING)]
    return town


async def test_a_centre_in_order_has_no_orphans(town: Town) -> None:
    assert await town.orphans() == []


async def _channel_of_no_call(town: Town) -> None:
    town.switch.held.append(SeenChannel("b1-99.1", "PJSIP/trunk-000000ff", "inbound", LONG_AGO))


async def _call_without_channel(town: Town) -> None:
    town.switch.held = [channel for channel in town.switch.held if channel.id != "b1-17.4"]


async def _lonely_bridge(town: Town) -> None:
    town.switch.bridged.append(SeenBridge("bridge-1", ("b1-17.4",), LONG_AGO))


async def _call_without_outcome(town: Town) -> None:
    await town.run("UPDATE call SET outcome = NULL WHERE id = 'b1-17.1'")


async def _call_without_ticket(town: Town) -> None:
    await town.run("DELETE FROM ticket_call WHERE call_id = 'b1-17.3'")


async def _missed_call_without_task(town: Town) -> None:
    await town.run("DELETE FROM callback WHERE call_id = 'b1-17.2'")


async def _callback_of_an_answered_call(town: Town) -> None:
    await town.run(
        "INSERT INTO callback (company_id, call_id, kind, state, owner, created_at, due_at) "
        "VALUES (1, 'b1-17.3', 'abandoned', 'open', 'shift', now(), now())"
    )


async def _draft_of_a_served_call(town: Town) -> None:
    await town.run(
        "UPDATE ticket SET state = 'draft' WHERE id = (SELECT ticket_id FROM ticket_call WHERE call_id = 'b1-17.0')"
    )


async def _dropped_draft_of_a_missed_call(town: Town) -> None:
    await town.run(
        "UPDATE ticket SET state = 'dropped' WHERE id = (SELECT ticket_id FROM ticket_call WHERE call_id = 'b1-17.2')"
    )


async def _number_nobody_holds(town: Town) -> None:
    await town.run("UPDATE ticket_counter SET last = last + 1")


async def _row_without_file(town: Town) -> None:
    town.file_of("b1-17.0").unlink()


async def _file_that_was_changed(town: Town) -> None:
    with town.file_of("b1-17.1").open("ab") as file:
        file.write(b"x")


async def _recording_never_filed(town: Town) -> None:
    await town.run("UPDATE recording SET state = 'pending', path = NULL WHERE call_id = 'b1-17.2'")
    town.file_of("b1-17.2").unlink()


async def _file_without_row(town: Town) -> None:
    file = town.root / "2026" / "11" / "24" / "000000-b1-99.1.flac"
    file.write_bytes(b"fLaC")
    town.age(file)


async def _half_written_file(town: Town) -> None:
    file = town.root / "2026" / "11" / "24" / ".000000-b1-99.1.flac.part"
    file.write_bytes(b"fLaC")
    town.age(file)


async def _raw_file_of_no_call(town: Town) -> None:
    town.age(town.files.raw("b1-99.1", sound(1)))


async def _raw_file_of_an_ended_call(town: Town) -> None:
    town.age(town.files.raw("b1-17.0", sound(1)))


async def _notes_nobody_takes(town: Town) -> None:
    book = Journal(town.files.journal)
    book.write(Note("late", "b1-17.0", town.clock.now() - timedelta(minutes=1), "key", {}))
    book.close()


async def _refused_note(town: Town) -> None:
    (town.files.journal / "refused.jsonl").write_text("{}\n", encoding="utf-8")


PLANTS = (
    (_channel_of_no_call, "channel", "b1-99.1"),
    (_call_without_channel, "call", "b1-17.4"),
    (_lonely_bridge, "bridge", "bridge-1"),
    (_missed_call_without_task, "call", "b1-17.2"),
    (_dropped_draft_of_a_missed_call, "draft", ""),
    (_callback_of_an_answered_call, "callback", ""),
    (_call_without_ticket, "call", "b1-17.3"),
    (_call_without_outcome, "call", "b1-17.1"),
    (_draft_of_a_served_call, "draft", ""),
    (_number_nobody_holds, "numbers", "2026"),
    (_row_without_file, "recording", "b1-17.0"),
    (_file_that_was_changed, "recording", "b1-17.1"),
    (_recording_never_filed, "recording", "b1-17.2"),
    (_file_without_row, "file", "2026/11/24/000000-b1-99.1.flac"),
    (_half_written_file, "file", "2026/11/24/.000000-b1-99.1.flac.part"),
    (_raw_file_of_no_call, "raw", "b1-99.1.raw"),
    (_raw_file_of_an_ended_call, "raw", "b1-17.0.raw"),
    (_notes_nobody_takes, "notes", "journal"),
    (_refused_note, "notes", "refused.jsonl"),
)


async def test_each_planted_orphan_is_named_and_nothing_else(town: Town) -> None:
    found = set(await town.orphans())
    for plant, kind, subject in PLANTS:
        before = found
        await plant(town)
        found = set(await town.orphans())
        assert before < found, plant.__name__
        (orphan,) = found - before
        assert (orphan.kind, subject in orphan.subject) == (kind, True), plant.__name__
        assert str(orphan) == f"{orphan.kind} {orphan.subject}: {orphan.message}"


async def test_what_is_young_may_be_on_its_way(town: Town) -> None:
    now = town.clock.now()
    town.switch.held.append(SeenChannel("b1-99.1", "PJSIP/trunk-000000ff", "inbound", now))
    town.switch.bridged.append(SeenBridge("bridge-1", (), now))
    file = town.root / "2026" / "11" / "24" / "000000-b1-99.1.flac"
    file.write_bytes(b"fLaC")
    town.age(file, now)
    town.age(town.files.raw("b1-99.2", sound(1)), now)
    assert await town.orphans() == []


async def test_what_dispatchers_dial_is_no_orphan(town: Town) -> None:
    town.switch.held.append(SeenChannel("b1-99.1", "PJSIP/d-4f1a9c-00000001", "internal", LONG_AGO))
    assert await town.orphans() == []


async def test_a_promise_with_a_draft_for_the_dispatcher_is_no_orphan(town: Town) -> None:
    """Its category was gone when the database came back."""
    await town.run(
        "UPDATE ticket SET state = 'draft', year = NULL, ordinal = NULL "
        "WHERE id = (SELECT ticket_id FROM ticket_call WHERE call_id = 'b1-17.1')"
    )
    await town.run("UPDATE ticket_counter SET last = 0")
    assert await town.orphans() == []


async def test_without_a_database_nothing_is_called_in_order(town: Town, cluster: PostgresCluster) -> None:
    cluster.stop()
    try:
        with pytest.raises(DatabaseUnavailable):
            await town.orphans()
    finally:
        cluster.ensure_running()

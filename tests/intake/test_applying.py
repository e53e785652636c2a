"""The robot's notes reach the database once and in order, whatever dies in between."""

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import mark_seen, raise_alarm
from callcenter.alarms.views import open_alarms
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.clock import SystemClock
from callcenter.core.database import Database
from callcenter.core.errors import DatabaseUnavailable
from callcenter.intake import journal_watch
from callcenter.intake.applying import Apply, apply_batch, apply_notes, unapplied_since
from callcenter.intake.journal_watch import watch_journal
from callcenter.intake.note_applier import NoteApplier
from callcenter.journal import notes
from callcenter.journal.errors import JournalInUse
from callcenter.journal.notes import Journal, Note, decode, encode, read_lines, segment_file, segments
from callcenter.operations.postgres import PostgresCluster
from callcenter.settings import TREE
from tests.helpers.notes import CALL, note
from tests.helpers.rows import card_of, count, until
from tests.helpers.small_disk import disk_of
from tests.stand_ins.clock import MORNING, FakeClock


@pytest.fixture
def book(journal: Path) -> Iterator[Journal]:
    book = Journal(journal)
    yield book
    book.close()


async def applied(database: Database) -> list[int]:
    """The numbers of the notes in the timeline, in the order in which they were applied."""
    async with database.begin() as session:
        rows = await session.scalars(
            text("SELECT facts->>'number' FROM call_event WHERE key LIKE 'note:%' ORDER BY id")
        )
        return [int(row) for row in rows]


async def apply_all(journal: Path, database: Database, apply: Apply) -> None:
    while await apply_batch(journal, database, apply):
        pass


@asynccontextmanager
async def applying(book: Journal, database: Database, apply: Apply) -> AsyncIterator[None]:
    """The clerk's work, and the controller's watch on its disk."""
    tasks = [
        asyncio.create_task(work)
        for work in (apply_notes(book.directory, database, apply), watch_journal(book, database, SystemClock()))
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_notes_arrive_as_they_are_written(book: Journal, database: Database, bookkeeper: NoteApplier) -> None:
    async with applying(book, database, bookkeeper.apply):
        for number in range(30):
            book.write(note(number))
            await asyncio.sleep(0)

        async def all_there() -> bool:
            return await applied(database) == list(range(30))

        await until(all_there)


def test_a_note_is_on_disk_when_write_returns(book: Journal, journal: Path) -> None:
    book.write(note(1, text="Течёт «труба»\n\r\u2028"))
    assert [line.note for line in read_lines(journal, None)] == [note(1, text="Течёт «труба»\n\r\u2028")]


def test_nobody_else_may_read_the_notes(book: Journal, journal: Path) -> None:
    book.write(note(1))
    assert journal.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in journal.iterdir()} == {0o600}


def test_a_second_controller_is_refused(book: Journal, journal: Path) -> None:
    with pytest.raises(JournalInUse, match="stop it first"):
        Journal(journal)
    book.close()
    Journal(journal).close()


async def test_a_controller_killed_at_any_moment_loses_no_note(
    journal: Path, database: Database, bookkeeper: NoteApplier
) -> None:
    written: list[int] = []
    for _ in range(3):
        child = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-m", "tests.helpers.note_writer", str(journal), str(len(written))],
            stdout=subprocess.PIPE,
            cwd=TREE,
        )
        assert child.stdout is not None
        with child.stdout:
            for _ in range(random.randint(1, 120)):
                written.append(int(child.stdout.readline()))
            child.kill()
            written += [int(line) for line in child.stdout.read().split()]
        child.wait()
        if random.random() < 0.5:
            await apply_batch(journal, database, bookkeeper.apply)
        # It may have written one more than it could tell of: its number is given anew, the note is another.
        await apply_all(journal, database, bookkeeper.apply)
        untold = [number for number in await applied(database) if number >= len(written)]
        assert len(untold) <= 1
        written += untold
    written_in = [number for number in segments(journal) if segment_file(journal, number).stat().st_size]
    assert len(written_in) == 1, "what is applied is removed"  # the death may have come upon a new, empty one
    assert written == list(range(len(written)))
    assert await applied(database) == written


async def test_a_line_torn_by_a_death_is_left_behind(
    journal: Path, database: Database, bookkeeper: NoteApplier
) -> None:
    first = Journal(journal)
    for number in range(3):
        first.write(note(number))
    first.close()
    torn = segment_file(journal, segments(journal)[-1])
    torn.write_bytes(torn.read_bytes()[:-20])

    second = Journal(journal)
    second.write(note(3))
    await apply_all(journal, database, bookkeeper.apply)
    second.close()

    assert await applied(database) == [0, 1, 3]
    assert not (journal / "refused.jsonl").exists(), "nobody was told that it was written"
    assert not torn.exists()


async def test_a_half_written_line_waits_for_its_end(
    journal: Path, database: Database, bookkeeper: NoteApplier
) -> None:
    Journal(journal).close()
    file = segment_file(journal, segments(journal)[-1])
    line = encode(note(0))
    for size in (0, 1, 9, len(line) - 1):
        file.write_bytes(line[:size])
        assert not await apply_batch(journal, database, bookkeeper.apply)
    file.write_bytes(line)
    assert await apply_batch(journal, database, bookkeeper.apply)
    assert await applied(database) == [0]


async def test_a_damaged_line_and_an_impossible_note_do_not_hold_up_the_others(
    book: Journal, journal: Path, database: Database, bookkeeper: NoteApplier
) -> None:
    book.write(note(0))
    book.write(note(1, text="zero \x00 that PostgreSQL cannot hold"))
    book.write(note(2))
    file = segment_file(journal, segments(journal)[-1])
    with file.open("ab") as opened:
        opened.write(encode(note(3)).replace(b"key", b"kez", 1))
        opened.write(b"\xff\x00garbage\n\n")
    book.write(note(4))

    await apply_all(journal, database, bookkeeper.apply)

    assert await applied(database) == [0, 2, 4]
    refused = [json.loads(line) for line in (journal / "refused.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [decode(entry["line"].encode()) for entry in refused] == [
        note(1, text="zero \x00 that PostgreSQL cannot hold"),
        None,
        None,
    ]
    async with database.begin() as session:
        alarms = await open_alarms(session, DEFAULT_COMPANY_ID)
    assert [alarm.kind for alarm in alarms] == [AlarmKind.JOURNAL] * 3


@pytest.mark.parametrize("spoiled", range(3))
async def test_a_damaged_end_of_a_line_costs_no_other_line(
    book: Journal, journal: Path, database: Database, bookkeeper: NoteApplier, spoiled: int
) -> None:
    """A block of the disk that came back as zeros: without their ends two lines look like one, or three."""
    lines = [encode(note(number, text="Течёт «труба» {сильно}")) for number in range(5)]
    for number in range(1, 1 + spoiled):
        lines[number] = lines[number][:-1] + b"\0"
    lines[2] = lines[2][:-40] + bytes(40)
    segment_file(journal, segments(journal)[-1]).write_bytes(b"".join(lines))
    book.write(note(5))

    await apply_all(journal, database, bookkeeper.apply)

    assert await applied(database) == [0, 1, 3, 4, 5]
    assert len((journal / "refused.jsonl").read_text(encoding="utf-8").splitlines()) == 1


async def test_a_death_in_the_middle_of_a_batch_repeats_it_whole(
    book: Journal, journal: Path, database: Database, bookkeeper: NoteApplier
) -> None:
    for number in range(5):
        book.write(note(number))

    async def dies(session: AsyncSession, taken: Note) -> None:
        await bookkeeper.apply(session, taken)
        if taken == note(3):
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await apply_batch(journal, database, dies)
    assert await applied(database) == []
    await apply_all(journal, database, bookkeeper.apply)
    assert await applied(database) == [0, 1, 2, 3, 4]


async def test_postgres_away_for_a_while_delays_notes_and_loses_none(
    book: Journal, database: Database, cluster: PostgresCluster, bookkeeper: NoteApplier
) -> None:
    async with applying(book, database, bookkeeper.apply):
        book.write(note(0))

        async def first_there() -> bool:
            return await applied(database) == [0]

        await until(first_there)
        await asyncio.to_thread(cluster.stop)
        for number in range(1, 120):
            book.write(note(number))
            await asyncio.sleep(0.01)
        await asyncio.to_thread(cluster.ensure_running)

        async def all_there() -> bool:
            return await applied(database) == list(range(120))

        await until(all_there)


async def test_a_note_that_meets_no_database_is_not_refused(
    book: Journal, journal: Path, database: Database, bookkeeper: NoteApplier
) -> None:
    for number in range(3):
        book.write(note(number))

    async def goes_away(session: AsyncSession, taken: Note) -> None:
        if taken == note(1):
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        await bookkeeper.apply(session, taken)

    with pytest.raises(DatabaseUnavailable):
        await apply_batch(journal, database, goes_away)
    await apply_all(journal, database, bookkeeper.apply)
    assert await applied(database) == [0, 1, 2]
    assert not (journal / "refused.jsonl").exists()


async def test_a_full_disk_stops_no_call_and_loses_no_note(
    book: Journal, database: Database, bookkeeper: NoteApplier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "DISK_RETRY_SECONDS", 0.05)

    async def disk_alarms() -> int:
        async with database.begin() as session:
            return sum(alarm.kind == AlarmKind.DISK for alarm in await open_alarms(session, DEFAULT_COMPANY_ID))

    async def alarm_stands() -> bool:
        return await disk_alarms() == 1

    async def all_there() -> bool:
        return await applied(database) == list(range(150)) and await disk_alarms() == 0

    async with applying(book, database, bookkeeper.apply):
        with disk_of(12_000):  # each note takes about 150 bytes: the disk is full in the middle of one
            for number in range(150):
                book.write(note(number))
            await until(alarm_stands)
        await until(all_there)


async def test_an_alarm_left_by_an_earlier_controller_goes_when_the_disk_is_well(
    book: Journal, database: Database, bookkeeper: NoteApplier
) -> None:
    async with database.begin() as session:
        await raise_alarm(session, kind=AlarmKind.DISK, subject="journal", message="Полон.", now=MORNING)

    async def gone() -> bool:
        async with database.begin() as session:
            return not await open_alarms(session, DEFAULT_COMPANY_ID)

    async with applying(book, database, bookkeeper.apply):
        await until(gone)


async def test_the_board_is_told_when_nobody_puts_notes_into_the_records(
    book: Journal, database: Database, bookkeeper: NoteApplier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clerk hangs; the controller is the one who notices."""
    monkeypatch.setattr(journal_watch, "LATE_LOOKS", 1)
    monkeypatch.setattr(journal_watch, "LOOK_SECONDS", 0.02)
    clock = FakeClock()

    async def told() -> list[str]:
        async with database.begin() as session:
            return [
                alarm.message for alarm in await open_alarms(session, DEFAULT_COMPANY_ID) if alarm.subject == "late"
            ]

    async def is_told() -> bool:
        return len(await told()) == 1

    async def is_not_told() -> bool:
        return await told() == []

    book.write(note(1))
    watching = asyncio.create_task(watch_journal(book, database, clock))
    try:
        await asyncio.sleep(0.2)
        assert await told() == []
        clock.advance(seconds=31)
        await until(is_told)
        assert "clerk" in (await told())[0]
        await apply_batch(book.directory, database, bookkeeper.apply)
        await until(is_not_told)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_the_oldest_waiting_note_is_known(
    book: Journal, journal: Path, database: Database, bookkeeper: NoteApplier
) -> None:
    book.write(note(0))
    await apply_all(journal, database, bookkeeper.apply)
    async with database.begin() as session:
        assert await unapplied_since(session, journal) is None
    book.write(note(1))
    book.write(note(2))
    async with database.begin() as session:
        assert await unapplied_since(session, journal) == note(1).at


async def test_a_note_written_twice_counts_once(
    book: Journal, journal: Path, database: Database, bookkeeper: NoteApplier
) -> None:
    for _ in range(2):
        book.write(note(0, "danger", category="WAT_LEAK"))
        await apply_all(journal, database, bookkeeper.apply)
        async with database.begin() as session:
            for alarm in await open_alarms(session, DEFAULT_COMPANY_ID):
                await mark_seen(session, alarm.id, company_id=DEFAULT_COMPANY_ID, by="anna", now=MORNING)
    assert await applied(database) == [0]
    assert (await card_of(database, CALL)).call.danger == "WAT_LEAK"
    assert await count(database, "alarm") == 1


async def test_a_note_that_takes_a_number_is_the_last_of_its_transaction(
    book: Journal, journal: Path, database: Database, bookkeeper: NoteApplier
) -> None:
    """Callers who register meanwhile wait for the counter until its end."""
    for number, kind in enumerate(("key", "ticket_wanted", "key", "key")):
        book.write(note(number, kind, category="WAT_LEAK"))
    await apply_batch(journal, database, bookkeeper.apply)
    assert await applied(database) == [0, 1]
    await apply_batch(journal, database, bookkeeper.apply)
    assert await applied(database) == [0, 1, 2, 3]

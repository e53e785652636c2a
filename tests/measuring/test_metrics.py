"""`/metrics`, read over HTTP as Prometheus reads it, while calls from Asterisk's files are in a real database."""

import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from callcenter.calls.models import Outcome, RecordingState
from callcenter.calls.recordings import keep_recording
from callcenter.calls.service import lock_call, settle_outcome
from callcenter.core.database import Database
from callcenter.intake.applying import apply_batch
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.journal.notes import Journal, Note
from callcenter.measuring.metrics import Metrics
from callcenter.measuring.watcher import KEPT_SECONDS
from callcenter.queues.models import MemberState
from callcenter.queues.service import write_member
from tests.measuring.prometheus import Prometheus, find_port
from tests.stand_ins.asterisk_files import MEMBER, AsteriskFiles, InboundCall
from tests.stand_ins.clock import MORNING, FakeClock


@asynccontextmanager
async def watched(database: Database, journal: Path, clock: FakeClock) -> AsyncIterator[Prometheus]:
    port = find_port()
    async with Metrics(database, journal, clock=clock).serve(port):
        yield Prometheus(port, clock)


@pytest.fixture
async def prometheus(database: Database, files: AsteriskFiles, clock: FakeClock) -> AsyncIterator[Prometheus]:
    async with watched(database, files.journal, clock) as prometheus:
        yield prometheus


async def read_all(truth: AsteriskLogReader, clock: FakeClock, *, later: float = 60) -> None:
    clock.advance(seconds=later)
    while await truth.read_new_lines():
        pass
    await truth.assign_outcomes()


async def test_a_queue_at_work(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock, prometheus: Prometheus
) -> None:
    robot, waiting, longer, talking = (InboundCall(files, f"b1-1.{number}", MORNING) for number in range(4))
    for call in (robot, waiting, longer, talking):
        call.arrives()
    longer.enters_queue(10)
    waiting.enters_queue(30)
    talking.enters_queue(5)
    talking.rings("b1-1.9", 6)
    talking.connects("b1-1.9", 20)
    async with database.begin() as session:
        for name, state in (("a", MemberState.TALKING), ("b", MemberState.FREE), ("c", MemberState.FREE)):
            await write_member(
                session,
                interface=f"PJSIP/{name}",
                name="Анна Петрова",
                extension="101",
                state=state,
                pause_reason=None,
                now=MORNING,
            )
    await read_all(truth, clock)
    await prometheus.scrapes()

    value = prometheus.value
    assert [value("calls", state=state) for state in ("ivr", "queued", "talking")] == [1, 2, 1]
    assert (value("queue_length"), value("queue_longest_wait_seconds")) == (2, 60 + KEPT_SECONDS - 10)
    assert [value("members", state=state) for state in ("talking", "free", "absent")] == [1, 2, 0]
    assert value("answer_seconds_count") == 1
    assert value("answer_seconds_sum") == pytest.approx(15.002)
    assert [value("answer_seconds_bucket", le=bound) for bound in ("10.0", "20.0", "+Inf")] == [0, 1, 1]
    assert value("database_away_seconds") == 0
    assert (value("recordings_unfiled"), value("calls_ended_total", outcome="talked")) == (0, 0)


async def test_what_has_ended_is_counted_by_outcome_and_fault(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock, prometheus: Prometheus
) -> None:
    abandoned, mute, busy = (InboundCall(files, f"b1-1.{number}", MORNING) for number in range(3))
    for call in (abandoned, mute):
        call.arrives()
        call.enters_queue(5)
        call.marks("CC_LEASE_END", 4)
        call.abandons(30)
    busy.arrives()
    busy.marks("CC_OVERFLOW", 1)
    busy.hangs_up(2)
    await read_all(truth, clock)
    async with database.begin() as session:
        await keep_recording(session, mute.call_id, state=RecordingState.SILENT, now=clock.now(), fault="тихо")
    await prometheus.scrapes()

    value = prometheus.value
    outcomes = [value("calls_ended_total", outcome=outcome.value) for outcome in Outcome]
    assert dict(zip(Outcome, outcomes, strict=True)) == {
        Outcome.ROBOT: 0,
        Outcome.TALKED: 0,
        Outcome.ABANDONED: 2,
        Outcome.VOICEMAIL: 0,
        Outcome.CALLBACK: 0,
        Outcome.OVERFLOW: 1,
    }
    assert [value("recording_faults_total", kind=kind) for kind in ("missing", "short", "silent")] == [0, 0, 1]
    assert value("recordings_unfiled") == 2
    assert value("lease_ends_total") == 2
    assert value("calls", state="queued") == 0


async def test_calls_that_ended_before_the_controller_began_are_not_its_sums(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    call = InboundCall(files, "b1-1.1", MORNING)
    call.arrives()
    call.enters_queue(5)
    call.abandons(30)
    await read_all(truth, clock)
    async with watched(database, files.journal, clock) as prometheus:
        await prometheus.scrapes()
        assert prometheus.value("calls_ended_total", outcome="abandoned") == 0


async def test_a_sum_never_falls(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock, prometheus: Prometheus
) -> None:
    call = InboundCall(files, "b1-1.1", MORNING)
    call.arrives()
    call.hangs_up(10)
    await read_all(truth, clock)
    await prometheus.scrapes()
    assert prometheus.value("calls_ended_total", outcome="abandoned") == 1
    async with database.begin() as session:
        await settle_outcome(session, await lock_call(session, call.call_id), Outcome.ROBOT)
    await prometheus.scrapes()
    assert prometheus.value("calls_ended_total", outcome="robot") == 1
    assert prometheus.value("calls_ended_total", outcome="abandoned") == 1


async def test_one_look_serves_for_some_seconds(
    files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock, prometheus: Prometheus
) -> None:
    await prometheus.scrapes(later=0)
    InboundCall(files, "b1-1.1", MORNING).arrives()
    await read_all(truth, clock, later=1)
    await prometheus.scrapes(later=KEPT_SECONDS - 2)
    assert prometheus.value("calls", state="ivr") == 0
    await prometheus.scrapes(later=1)
    assert prometheus.value("calls", state="ivr") == 1


async def test_notes_wait_in_the_journal_while_the_database_is_away(
    database: Database, files: AsteriskFiles, clock: FakeClock
) -> None:
    async def take(_session: object, _note: Note) -> None:
        """The note needs nothing."""

    book = Journal(files.journal)
    away = Database(re.sub(r"port=\d+", "port=1", database.url), connect_seconds=1)
    try:
        for number in range(3):
            book.write(Note(f"n{number}", "b1-1.1", MORNING + timedelta(seconds=number), "key"))
        async with (
            watched(database, files.journal, clock) as prometheus,
            watched(away, files.journal, clock) as blind,
        ):
            await prometheus.scrapes(later=10)
            assert (prometheus.value("journal_notes"), prometheus.value("journal_age_seconds")) == (3, 10)
            await blind.scrapes(later=0)
            await blind.scrapes(later=20)
            assert (blind.value("journal_notes"), blind.value("database_away_seconds")) == (3, 20)
            assert blind.value("calls", state="ivr") is None, "what nobody knows is not told"
            assert blind.value("lease_renewals_failed_total") == 0

            assert await apply_batch(files.journal, database, take)
            await prometheus.scrapes()
            assert (prometheus.value("journal_notes"), prometheus.value("journal_age_seconds")) == (0, 0)
    finally:
        book.close()
        await away.close()


async def test_nobody_s_number_or_name_is_in_it(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock, prometheus: Prometheus
) -> None:
    call = InboundCall(files, "b1-1.1", MORNING, shown="79001112233")
    call.arrives()
    call.enters_queue(1)
    call.rings("b1-1.9", 2)
    call.connects("b1-1.9", 3)
    async with database.begin() as session:
        await write_member(
            session,
            interface=MEMBER,
            name="Анна Петрова",
            extension="101",
            state=MemberState.TALKING,
            pause_reason="Обед",
            now=MORNING,
        )
    await read_all(truth, clock)
    await prometheus.scrapes()
    assert prometheus.value("calls", state="talking") == 1
    for word in ("9001112233", "b1-1", "PJSIP", "4f1a9c", "Анна", "Обед"):
        assert word not in prometheus.text


async def test_a_port_that_is_taken_keeps_nobody_from_work(
    database: Database, files: AsteriskFiles, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with Metrics(database, files.journal, clock=clock).serve(port):
            assert "nobody can read the metrics" in capsys.readouterr().out

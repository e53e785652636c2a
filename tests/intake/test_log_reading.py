"""The files Asterisk writes are read to the last line, once, whatever stands in them and however far behind we are."""

import json
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.views import open_alarms
from callcenter.calls.models import CallState
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.intake import asterisk_log as truth_module
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.cel import parse_cel_line
from callcenter.intake.queue_log import parse_queue_line
from callcenter.journal.file_follower import FilePosition, read_chunk
from tests.helpers.asterisk_reading import CALL, LEG, read_all
from tests.helpers.rows import card_of, count
from tests.stand_ins.asterisk_files import AsteriskFiles, InboundCall, cel_line
from tests.stand_ins.clock import MORNING, FakeClock


async def test_a_long_absence_loses_no_line_of_the_queue(
    *,
    database: Database,
    files: AsteriskFiles,
    truth: AsteriskLogReader,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One portion of queue_log is about many more calls than one portion of CEL."""
    monkeypatch.setattr(truth_module, "BATCH_BYTES", 4000)
    for number in range(8):
        call = InboundCall(files, f"b1-17.{number}", MORNING + timedelta(seconds=number))
        call.arrives()
        call.enters_queue(5)
        call.abandons(30)
    await read_all(truth, clock)
    async with database.begin() as session:
        left = await session.scalar(text("SELECT count(*) FROM call_event WHERE kind = 'left_queue'"))
        guessed = await session.scalar(
            text("SELECT count(*) FROM call_event WHERE kind = 'queued' AND source = 'queue_log'")
        )
    assert left == 8
    assert guessed == 0, "CEL knows the moment to the microsecond, the queue only the second"


async def test_a_line_of_the_queue_that_comes_before_cel_is_kept(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.enters_queue(5)
    call.abandons(30)
    told = files.cel_file.read_bytes()
    files.cel_file.write_bytes(b"")
    await read_all(truth, clock)
    files.cel_file.write_bytes(told)
    await read_all(truth, clock)
    card = await card_of(database, CALL)
    assert [event.kind for event in card.events].count("left_queue") == 1
    assert card.call.arrived_at - MORNING <= timedelta(milliseconds=1), "CEL knows it better"


async def test_asterisk_started_again_goes_on_in_the_same_file(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    first = InboundCall(files, "b1-17.0", MORNING)
    first.arrives()
    await read_all(truth, clock, later=0)
    with files.cel_file.open("ab") as file:
        file.write(b'{"eventtype":"HANGUP","userdef')  # the end of a life
    second = InboundCall(files, "b2-17.0", MORNING + timedelta(minutes=1))  # the boot counter keeps ids apart
    second.arrives()
    second.hangs_up(20)
    await read_all(truth, clock, later=0)
    assert (await card_of(database, "b1-17.0")).call.state == CallState.IVR, "nothing tells of its end"
    assert (await card_of(database, "b2-17.0")).call.state == CallState.ENDED


async def test_a_file_cut_short_is_read_from_its_beginning(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    InboundCall(files, "b1-17.0", MORNING).arrives()
    await read_all(truth, clock, later=0)
    files.cel_file.write_bytes(b"")
    files.cel("CC_ARRIVED", MORNING, "b1-17.1", extra='{"extra":"100|"}')
    await read_all(truth, clock, later=0)
    assert await count(database, "call") == 2


async def test_a_phase_of_a_leg_counts_once_though_it_is_told_twice(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.enters_queue(5)
    call.rings(LEG, 8)
    for second in (9, 19):  # hold and back: the bridge is entered again
        call.connects(LEG, second)
    call.rings("b1-17.9", 30)
    call.connects("b1-17.9", 31)
    call.hangs_up(60)
    await read_all(truth, clock)
    card = await card_of(database, CALL)
    assert [event.key for event in card.events if event.kind == "connected"] == [
        f"connected:{LEG}",
        "connected:b1-17.9",
    ]
    assert card.call.connected_at == call.at(9.002)


async def test_a_line_that_cannot_be_taken_is_told_and_holds_up_nothing(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    async with database.begin() as session:  # a fault nobody has thought of
        await session.execute(text("ALTER TABLE call_event ADD CONSTRAINT fault CHECK (kind <> 'recording')"))
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.hangs_up(20)
    await read_all(truth, clock)
    assert [event.kind for event in (await card_of(database, CALL)).events] == ["arrived", "answered", "ended"]
    async with database.begin() as session:
        assert AlarmKind.JOURNAL in [alarm.kind for alarm in await open_alarms(session, DEFAULT_COMPANY_ID)]


@given(line=st.text() | st.binary().map(lambda raw: raw.decode(errors="replace")))
def test_no_line_is_too_strange_to_be_read(line: str) -> None:
    parse_cel_line(line)
    parse_queue_line(line)


@given(name=st.text(), number=st.text(), cut=st.integers(min_value=0))
def test_what_a_caller_writes_changes_no_other_field(name: str, number: str, cut: int) -> None:
    """Asterisk escapes nothing but quotation marks in it."""
    line = cel_line(
        "HANGUP",
        MORNING,
        CALL,
        channel="PJSIP/trunk-00000007",
        context="inbound",
        name=name.replace("\n", ""),
        number=number.replace("\n", ""),
        extra='{"hangupcause":16}',
    )
    event = parse_cel_line(line)
    assert event is not None
    assert (event.kind, event.at, event.channel_id, event.call_id) == ("HANGUP", MORNING, CALL, CALL)
    assert (event.context, event.channel_name) == ("inbound", "PJSIP/trunk-00000007")
    assert event.extra == {"hangupcause": "16"}
    torn = parse_cel_line(line[: cut % len(line)])
    assert torn is None or json.loads(line[: cut % len(line)])


def test_of_a_field_that_stands_twice_the_callers_one_does_not_count() -> None:
    honest = '{"EventType":"USER_DEFINED","UserDefType":"CC_ARRIVED","EventTime":1795554813.000250,"Name":"'
    forged = 'x","EventType":"HANGUP","UserDefType":"","EventTime":1,"UniqueID":"b1-9.9","LinkedID":"b1-9.9","Num":"'
    event = parse_cel_line(honest + forged + '","UniqueID":"b1-17.7","LinkedID":"b1-17.7","Peer":"","EventExtra":""}')
    assert event is not None
    assert (event.kind, event.channel_id, event.call_id) == ("CC_ARRIVED", "b1-17.7", "b1-17.7")
    assert event.at.microsecond == 250


@given(data=st.data())
def test_a_growing_file_is_read_to_its_last_line_in_any_portions(data: st.DataObject) -> None:
    lines = data.draw(st.lists(st.text(alphabet="aя\r ", min_size=1), max_size=8), label="lines")
    content = "".join(f"{line}\n" for line in lines).encode()
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "cel.jsonl"
        place: FilePosition | None = None
        found: list[str] = []
        written = 0
        while written < len(content):
            step = data.draw(st.integers(min_value=1, max_value=len(content)), label="step")
            with file.open("ab") as opened:
                opened.write(content[written : written + step])
            written += step
            while True:
                passage = read_chunk(file, place, limit=data.draw(st.integers(min_value=1, max_value=30)))
                if passage.position == place:
                    break
                place = passage.position
                found += passage.lines
        assert found == [line for line in lines if line.strip()]

"""What happened to a call is read from the files Asterisk writes, also for calls nobody of us saw."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, text

from callcenter.alarms.views import open_alarms
from callcenter.callbacks.models import CallbackKind, CallbackState
from callcenter.calls.models import CallState, EventSource, LegRole, Outcome
from callcenter.calls.service import knows_call, lock_call, record_event
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.intake.admission import ensure_call
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.models import ReadOffset
from callcenter.intake.settling import reopen_outcome
from callcenter.tickets.models import TicketState
from tests.helpers.asterisk_reading import CALL, LEG, read_all
from tests.helpers.rows import all_rows, card_of, count
from tests.stand_ins.asterisk_files import MEMBER, AsteriskFiles, InboundCall
from tests.stand_ins.clock import MORNING, FakeClock


async def test_a_caller_gives_up_in_the_queue_while_the_controller_is_dead(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.marks("CC_FALLBACK", 0.4, extra="no controller")
    call.enters_queue(5)
    call.rings(LEG, 6)
    call.member_ends(LEG, 21, cause=26)
    call.abandons(22)

    await read_all(truth, clock)

    card = await card_of(database, CALL)
    assert (card.call.state, card.call.outcome) == (CallState.ENDED, Outcome.ABANDONED)
    assert (card.call.caller_number, card.call.dialled) == ("+79001112233", "+78125550192")
    assert card.callback is not None
    assert (card.callback.kind, card.callback.state, card.callback.phone) == (
        CallbackKind.ABANDONED,
        CallbackState.OPEN,
        "+79001112233",
    )
    assert card.callback.due_at == MORNING + timedelta(minutes=10), "ten minutes from the arrival, not from the hang-up"
    assert card.ticket is not None
    assert card.ticket.state == TicketState.DRAFT, "the dispatcher who calls back needs it"
    kinds = [event.kind for event in card.events]
    assert kinds == [
        "arrived", "recording", "answered", "fallback", "queued", "ringing", "leg_ended", "ended", "left_queue"
    ]  # fmt: skip


async def test_a_conversation_is_counted_once_though_two_files_tell_of_it(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.enters_queue(20)
    call.rings(LEG, 21)
    call.connects(LEG, 24)
    call.member_ends(LEG, 90)
    call.hangs_up(90)

    await read_all(truth, clock)

    card = await card_of(database, CALL)
    assert card.call.outcome == Outcome.TALKED
    assert card.call.member == MEMBER
    assert card.call.connected_at == MORNING + timedelta(seconds=24.002)
    assert card.call.ended_at == MORNING + timedelta(seconds=90)
    assert card.call.hangup_cause == 16
    assert card.callback is None
    assert [(leg.role, leg.channel_id, leg.hangup_cause) for leg in card.legs] == [
        (LegRole.CALLER, CALL, 16),
        (LegRole.MEMBER, LEG, 16),
    ]
    assert [event.kind for event in card.events].count("connected") == 1
    assert [event.kind for event in card.events].count("queued") == 1


async def test_the_call_can_be_watched_while_it_goes_on(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    call = InboundCall(files, CALL, MORNING)
    seen = []
    for step in (
        call.arrives,
        lambda: call.enters_queue(5),
        lambda: call.rings(LEG, 6),
        lambda: call.connects(LEG, 7),
        lambda: call.hangs_up(8),
    ):
        step()
        await read_all(truth, clock, later=0)
        seen.append((await card_of(database, CALL)).call.state)
    assert seen == [CallState.IVR, CallState.QUEUED, CallState.QUEUED, CallState.TALKING, CallState.ENDED]


async def test_reading_everything_twice_changes_nothing(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    for number, end in enumerate(("talks", "abandons", "voicemail", "callback", "overflow")):
        call = InboundCall(files, f"b1-17.{number}", MORNING + timedelta(minutes=number))
        call.arrives()
        if end == "overflow":
            call.marks("CC_OVERFLOW", 1)
        else:
            call.enters_queue(5)
        if end == "talks":
            call.connects(f"b1-17.1{number}", 9)
        if end == "voicemail":
            call.marks("CC_VOICEMAIL", 20, extra="TIMEOUT")
            call.marks("CC_VOICEMAIL_END", 40)
        if end == "callback":
            call.marks("CC_CALLBACK", 30, extra="+79005556677")
        call.hangs_up(60)
    await read_all(truth, clock)
    before = await all_rows(database)
    assert sum(row.startswith("callback") for row in before) == 4

    async with database.begin() as session:
        await session.execute(delete(ReadOffset))
    await read_all(truth, clock)

    assert await all_rows(database) == before


async def test_every_kind_of_missed_call_becomes_its_task(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    for number, (mark, extra) in enumerate(
        (("CC_VOICEMAIL", "TIMEOUT"), ("CC_CALLBACK", "89005556677"), ("CC_OVERFLOW", ""))
    ):
        call = InboundCall(files, f"b1-17.{number}", MORNING)
        call.arrives()
        call.marks(mark, 20, extra=extra)
        call.hangs_up(30)
    await read_all(truth, clock)
    found = []
    for number in range(3):
        card = await card_of(database, f"b1-17.{number}")
        assert card.callback is not None
        assert card.callback.due_at == MORNING + timedelta(minutes=10)
        found.append((card.call.outcome, card.callback.kind, card.callback.phone))
    assert found == [
        (Outcome.VOICEMAIL, CallbackKind.VOICEMAIL, "+79001112233"),
        (Outcome.CALLBACK, CallbackKind.CALLBACK, "+79005556677"),
        (Outcome.OVERFLOW, CallbackKind.OVERFLOW, "+79001112233"),
    ]


async def test_what_a_dispatcher_dials_is_not_an_inbound_call(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    outgoing, trunk_leg = "b1-18.1", "b1-18.2"
    files.cel("CHAN_START", MORNING, outgoing, channel=f"{MEMBER}-00000001", context="internal")
    files.cel("CHAN_START", MORNING, trunk_leg, call_id=outgoing, channel="PJSIP/trunk-00000002", context="from-trunk")
    files.cel("ANSWER", MORNING, trunk_leg, call_id=outgoing, channel="PJSIP/trunk-00000002", context="from-trunk")
    files.cel("BRIDGE_ENTER", MORNING, outgoing, channel=f"{MEMBER}-00000001", peer="PJSIP/trunk-00000002")
    files.cel("HANGUP", MORNING, outgoing, channel=f"{MEMBER}-00000001", context="internal")
    files.cel("LINKEDID_END", MORNING, outgoing, channel=f"{MEMBER}-00000001", context="internal")
    await read_all(truth, clock)
    assert await count(database, "call") == 0
    assert await count(database, "callback") == 0


async def test_a_caller_who_hangs_up_before_the_dialplan_spoke_is_recorded_all_the_same(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    files.cel("CHAN_START", MORNING, CALL, context="from-trunk")
    files.cel("HANGUP", MORNING + timedelta(milliseconds=20), CALL, context="from-trunk")
    await read_all(truth, clock)
    card = await card_of(database, CALL)
    assert card.call.outcome == Outcome.ABANDONED
    assert card.callback is not None


async def test_a_note_that_comes_late_changes_the_verdict(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.hangs_up(20)
    await read_all(truth, clock)
    assert (await card_of(database, CALL)).call.outcome == Outcome.ABANDONED

    async with database.begin() as session:
        await record_event(session, CALL, at=call.at(15), source=EventSource.ROBOT, kind="served", key="note:1")
        await reopen_outcome(session, CALL, kind="served")
    await truth.assign_outcomes()

    card = await card_of(database, CALL)
    assert card.call.outcome == Outcome.ROBOT
    assert card.callback is not None
    assert card.callback.state == CallbackState.DONE, "nobody must call back a caller who was served"
    assert card.ticket is not None
    assert card.ticket.state == TicketState.DROPPED


async def test_the_outcome_waits_for_the_last_notes(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.hangs_up(20)
    await read_all(truth, clock, later=21)
    assert (await card_of(database, CALL)).call.outcome is None
    await read_all(truth, clock, later=5)
    assert (await card_of(database, CALL)).call.outcome == Outcome.ABANDONED


async def test_a_line_that_is_half_written_waits_for_its_end(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    InboundCall(files, CALL, MORNING).arrives()
    whole = files.cel_file.read_bytes()
    for size in range(0, len(whole) + 1, 97):
        files.cel_file.write_bytes(whole[:size])
        await read_all(truth, clock, later=0)
    files.cel_file.write_bytes(whole)
    await read_all(truth, clock, later=0)
    card = await card_of(database, CALL)
    assert [event.kind for event in card.events] == ["arrived", "recording", "answered"]


async def test_a_rotated_file_is_read_to_its_end(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    await read_all(truth, clock, later=0)
    call.enters_queue(5)
    files.cel_file.rename(files.cel_file.with_name("cel.jsonl.1"))
    await read_all(truth, clock, later=0)
    call.hangs_up(30)
    await read_all(truth, clock)
    card = await card_of(database, CALL)
    assert card.call.outcome == Outcome.ABANDONED
    assert [event.kind for event in card.events] == ["arrived", "recording", "answered", "queued", "ended"]


async def test_a_file_removed_unread_raises_an_alarm(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock, tmp_path: Path
) -> None:
    InboundCall(files, CALL, MORNING).arrives()
    await read_all(truth, clock, later=0)
    kept = tmp_path / "elsewhere"  # keeps the inode taken, so that the new file gets another
    files.cel_file.rename(kept)
    InboundCall(files, "b1-19.1", MORNING).arrives()
    await read_all(truth, clock, later=0)
    async with database.begin() as session:
        assert [alarm.subject for alarm in await open_alarms(session, DEFAULT_COMPANY_ID)] == ["cel"]
    assert (await card_of(database, "b1-19.1")).call.state == CallState.IVR


async def test_rubbish_between_the_lines_stops_nothing(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    with files.cel_file.open("ab") as file:
        file.write(b"\x00\xff\xfe{]\n{}\nnull\n[1,2]\n" + b"[" * 5000 + b"\n")
    with files.queue_log.open("ab") as file:
        file.write(b"garbage\n||||\n9999999999999999|x|y|z|ENTERQUEUE|\n")
    call.hangs_up(20)
    await read_all(truth, clock)
    assert (await card_of(database, CALL)).call.outcome == Outcome.ABANDONED


@pytest.mark.parametrize("known", [False, True])
async def test_a_call_whose_arrival_could_not_be_written_down_can_be_called_back(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock, known: bool
) -> None:
    """Asterisk's disk was full when it came; no controller was there either. A line without a number may have made the
    call known before."""
    if known:
        files.cel("CHAN_START", MORNING, CALL)
    files.cel("CC_QUEUE_ENTER", MORNING, CALL, context="to-queue", extra='{"extra":"0|"}')
    files.cel("HANGUP", MORNING, CALL, context="to-queue")
    await read_all(truth, clock)
    card = await card_of(database, CALL)
    assert card.callback is not None
    assert card.call.caller_number == card.callback.phone == "+79001112233"


async def test_a_backslash_in_the_callers_name_loses_no_line(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    """Asterisk does not escape it, and the line is no JSON any more."""
    files.cel("CHAN_START", MORNING, CALL, context="from-trunk", name="Вася\\")
    files.cel("CC_ARRIVED", MORNING, CALL, name="Вася\\", extra='{"extra":"+78125550192|79001112233"}')
    files.cel("HANGUP", MORNING, CALL, name='\\","uniqueid":"b1-9.9","linkedid":"b1-9.9","peer":"')
    await read_all(truth, clock)
    card = await card_of(database, CALL)
    assert (card.call.caller_number, card.call.state) == ("+79001112233", CallState.ENDED)
    assert await count(database, "call") == 1


async def test_two_readers_at_once_read_every_line_once(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    for number in range(15):
        call = InboundCall(files, f"b1-20.{number}", MORNING)
        call.arrives()
        call.abandons(30)
    second = AsteriskLogReader(database, files, clock=clock)
    async with asyncio.TaskGroup() as group:
        for reader in (truth, second):
            group.create_task(read_all(reader, clock, later=60))
    async with database.begin() as session:
        lines = await session.scalar(text("SELECT count(*) FROM call_event WHERE kind = 'arrived'"))
    assert lines == 15
    assert await count(database, "callback") == 15


async def test_what_a_savepoint_has_made_is_not_known_without_it(database: Database) -> None:
    async with database.begin() as session:
        savepoint = await session.begin_nested()
        await ensure_call(session, CALL, at=MORNING)
        assert await knows_call(session, CALL)
        (await lock_call(session, CALL)).dialled = "1"
        await savepoint.rollback()
        assert not await knows_call(session, CALL)
        await ensure_call(session, CALL, at=MORNING)
        assert (await lock_call(session, CALL)).dialled == ""

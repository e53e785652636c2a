"""How a call ended, whoever tells of it first, and who must be called back."""

import itertools
from collections.abc import Collection
from datetime import timedelta

import pytest
from sqlalchemy import text

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import mark_seen
from callcenter.alarms.views import open_alarms
from callcenter.callbacks.models import CallbackKind, CallbackState
from callcenter.callbacks.service import SHIFT, finish_callback, take_callback
from callcenter.calls.models import CallState, EventSource, Outcome
from callcenter.calls.service import record_event
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.intake.applying import apply_batch
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.note_applier import NoteApplier
from callcenter.intake.registration import register_ticket
from callcenter.intake.settling import Verdict, judge_call, reopen_outcome
from callcenter.journal.notes import Journal, Note
from callcenter.knowledge.categories import Category
from callcenter.tickets.models import TicketState
from callcenter.tickets.new_ticket import NewTicket
from tests.helpers.asterisk_reading import CALL, LEG, read_all
from tests.helpers.categories import MOSCOW
from tests.helpers.rows import card_of, count
from tests.stand_ins.asterisk_files import MEMBER, AsteriskFiles, InboundCall
from tests.stand_ins.clock import MORNING, FakeClock


@pytest.mark.parametrize(
    ("kinds", "registered", "outcome", "task"),
    [
        ("arrived ended", False, Outcome.ABANDONED, CallbackKind.ABANDONED),
        ("arrived served ended", False, Outcome.ROBOT, None),
        ("arrived served queued ended", False, Outcome.ABANDONED, CallbackKind.ABANDONED),
        ("arrived ended", True, Outcome.ROBOT, None),
        ("arrived address_wanted ended", True, Outcome.ROBOT, CallbackKind.PROMISE),
        ("arrived ticket_wanted ended", False, Outcome.ROBOT, CallbackKind.PROMISE),
        ("arrived queued connected ended", True, Outcome.TALKED, None),
        ("arrived ticket_wanted queued connected ended", True, Outcome.TALKED, CallbackKind.PROMISE),
        ("arrived queued callback ended", False, Outcome.CALLBACK, CallbackKind.CALLBACK),
        ("arrived queued voicemail ended", True, Outcome.VOICEMAIL, CallbackKind.VOICEMAIL),
        ("arrived overflow ended", False, Outcome.OVERFLOW, CallbackKind.OVERFLOW),
        ("arrived lost", False, Outcome.ABANDONED, CallbackKind.LOST),
        ("arrived served lost", False, Outcome.ROBOT, CallbackKind.LOST),
        ("arrived queued connected lost", False, Outcome.TALKED, CallbackKind.LOST),
        ("arrived queued connected talk_ended lost", False, Outcome.TALKED, None),
        ("arrived queued callback lost", False, Outcome.CALLBACK, CallbackKind.CALLBACK),
        ("arrived queued connected lost ended", False, Outcome.TALKED, None),
    ],
)
def test_the_verdict_on_a_call(kinds: str, registered: bool, outcome: Outcome, task: CallbackKind | None) -> None:
    verdict = judge_call(kinds.split(), registered=registered)
    assert (verdict.outcome, verdict.callback_kind) == (outcome, task)


def test_whoever_was_neither_served_nor_talked_with_is_called_back() -> None:
    lines = ("served", "ticket_wanted", "queued", "connected", "callback", "voicemail", "overflow", "lost")
    for size in range(len(lines) + 1):
        for kinds in itertools.combinations(lines, size):
            verdict = judge_call(kinds, registered=False)
            assert verdict.callback_kind is not None or verdict.outcome in (Outcome.TALKED, Outcome.ROBOT), kinds
            assert verdict.draft_drop_reason is None or _was_only_served(kinds, verdict), kinds


def _was_only_served(kinds: Collection[str], verdict: Verdict) -> bool:
    return set(kinds) == {"served"} and verdict.callback_kind is None


async def test_a_short_call_is_a_missed_call_too(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    """Statistics set short ones apart; the law knows only calls that nobody answered."""
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.enters_queue(1)
    call.abandons(2)
    await read_all(truth, clock)
    task = (await card_of(database, CALL)).callback
    assert task is not None
    assert (task.kind, task.state, task.owner) == (CallbackKind.ABANDONED, CallbackState.OPEN, SHIFT)
    assert task.due_at == MORNING + timedelta(minutes=10)


async def test_a_conversation_cut_by_a_crash_of_asterisk_is_called_back(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.enters_queue(5)
    call.connects(LEG, 9)
    clock.advance(minutes=1)
    for _ in range(2):
        await truth.close_lost_calls([CALL])
        await truth.assign_outcomes()
    card = await card_of(database, CALL)
    assert (card.call.state, card.call.outcome) == (CallState.ENDED, Outcome.TALKED)
    assert card.callback is not None
    assert (card.callback.kind, card.callback.due_at) == (CallbackKind.LOST, MORNING + timedelta(minutes=10))
    assert [event.kind for event in card.events].count("lost") == 1


async def test_a_call_held_for_lost_whose_end_is_told_after_all_needs_no_call_back(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.enters_queue(5)
    call.connects(LEG, 9)
    clock.advance(minutes=1)
    await truth.close_lost_calls([CALL])
    await truth.assign_outcomes()
    call.hangs_up(40)
    await read_all(truth, clock)
    card = await card_of(database, CALL)
    assert card.callback is not None
    assert card.callback.state == CallbackState.DONE


async def test_an_answered_call_of_which_asterisk_could_write_nothing_down_is_a_talk(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, bookkeeper: NoteApplier, clock: FakeClock
) -> None:
    """Its disk was full from the queue on; AMI told us of the talk."""
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.enters_queue(5)
    await read_all(truth, clock)
    for kind, second in (("connected", 9), ("talk_ended", 40)):
        note = Note(f"ami {kind}", CALL, call.at(second), kind, {"channel": LEG, "member": MEMBER})
        async with database.begin() as session:
            await bookkeeper.apply(session, note)
    await truth.close_lost_calls([CALL])
    await truth.assign_outcomes()
    card = await card_of(database, CALL)
    assert (card.call.outcome, card.call.member) == (Outcome.TALKED, MEMBER)
    assert (card.call.connected_at, card.call.ended_at) == (call.at(9), call.at(40))
    assert card.callback is None


@pytest.mark.parametrize("first", ["ami", "cel"])
async def test_a_talk_that_both_tell_of_is_one_talk(
    *,
    first: str,
    database: Database,
    files: AsteriskFiles,
    truth: AsteriskLogReader,
    bookkeeper: NoteApplier,
    clock: FakeClock,
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.enters_queue(5)
    call.rings(LEG, 6)
    note = Note("ami", CALL, call.at(9.002), "connected", {"channel": LEG, "member": MEMBER})
    if first == "cel":
        call.connects(LEG, 9)
        await read_all(truth, clock)
    async with database.begin() as session:
        await bookkeeper.apply(session, note)
    if first == "ami":
        call.connects(LEG, 9)
    call.hangs_up(40)
    await read_all(truth, clock)
    card = await card_of(database, CALL)
    assert [event.kind for event in card.events].count("connected") == 1
    assert (card.call.outcome, card.call.member, card.callback) == (Outcome.TALKED, MEMBER, None)
    assert card.call.connected_at is not None
    assert abs((card.call.connected_at - call.at(9)).total_seconds()) < 0.01


async def test_a_later_word_changes_the_number_of_a_task_nobody_has_taken(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.enters_queue(5)
    call.hangs_up(60)
    await read_all(truth, clock)
    call.marks("CC_CALLBACK", 50, extra="89005556677")
    await read_all(truth, clock)
    task = (await card_of(database, CALL)).callback
    assert task is not None
    assert (task.kind, task.phone, task.state) == (CallbackKind.CALLBACK, "+79005556677", CallbackState.OPEN)
    assert await count(database, "callback") == 1


async def test_a_task_withdrawn_too_early_is_opened_again(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.hangs_up(20)
    await read_all(truth, clock)
    for number, kind in enumerate(("served", "ticket_wanted")):
        async with database.begin() as session:
            await record_event(session, CALL, at=call.at(15), source=EventSource.ROBOT, kind=kind, key=f"note:{number}")
            await reopen_outcome(session, CALL, kind=kind)
        await truth.assign_outcomes()
        states = (await card_of(database, CALL)).callback
        assert states is not None
        assert states.state == (CallbackState.DONE if kind == "served" else CallbackState.OPEN)
    task = (await card_of(database, CALL)).callback
    assert task is not None
    assert (task.kind, task.result, task.done_at) == (CallbackKind.PROMISE, None, None)


async def test_what_a_person_did_with_a_task_stays(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    for number, finish in enumerate((False, True)):
        call = InboundCall(files, f"b1-17.{number}", MORNING)
        call.arrives()
        call.hangs_up(20)
        await read_all(truth, clock)
        before = (await card_of(database, call.call_id)).callback
        assert before is not None
        async with database.begin() as session:
            await take_callback(session, before.id, company_id=DEFAULT_COMPANY_ID, login="anna", now=clock.now())
            if finish:
                await finish_callback(
                    session,
                    before.id,
                    company_id=DEFAULT_COMPANY_ID,
                    login="anna",
                    result="Дозвонилась",
                    now=clock.now(),
                )
        call.marks("CC_CALLBACK", 19, extra="89005556677")
        await read_all(truth, clock)
        after = (await card_of(database, call.call_id)).callback
        assert after is not None
        assert (after.owner, after.kind) == ("anna", CallbackKind.ABANDONED)
        assert after.state == (CallbackState.DONE if finish else CallbackState.TAKEN)
        assert after.result == ("Дозвонилась" if finish else None)


async def test_a_dispatchers_ticket_does_not_make_a_missed_call_a_served_one(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock, leak: Category
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.hangs_up(20)
    await read_all(truth, clock)
    new_ticket = NewTicket(CALL, leak.code, clock.now(), description="Перезвонила, течёт")
    await register_ticket(database, new_ticket, leak, zone=MOSCOW, by="anna")
    async with database.begin() as session:
        await reopen_outcome(session, CALL, kind="ended")
    await truth.assign_outcomes()
    card = await card_of(database, CALL)
    assert card.call.outcome == Outcome.ABANDONED
    assert card.callback is not None
    assert card.callback.state == CallbackState.OPEN


async def test_calls_of_a_clock_that_was_set_back_are_settled_at_once(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    """They ended an hour from now, and their callers have been waiting for a call since an hour ago."""
    call = InboundCall(files, CALL, clock.now() + timedelta(hours=1))
    call.arrives()
    call.hangs_up(20)
    await read_all(truth, clock, later=5)
    assert (await card_of(database, CALL)).callback is not None


async def test_a_call_that_cannot_be_settled_does_not_hold_up_the_others(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock
) -> None:
    for number in range(3):
        call = InboundCall(files, f"b1-17.{number}", MORNING + timedelta(seconds=number))
        call.arrives()
        call.hangs_up(20)
    while await truth.read_new_lines():
        pass
    async with database.begin() as session:  # a fault nobody has thought of
        await session.execute(text("ALTER TABLE callback ADD CONSTRAINT fault CHECK (call_id <> 'b1-17.0')"))
    clock.advance(minutes=1)
    assert [await truth.assign_outcomes() for _ in range(2)] == [3, 0], "it is not tried over and over"
    outcomes = [(await card_of(database, f"b1-17.{number}")).call.outcome for number in range(3)]
    assert outcomes == [None, Outcome.ABANDONED, Outcome.ABANDONED]
    async with database.begin() as session:
        (alarm,) = await open_alarms(session, DEFAULT_COMPANY_ID)
        assert (alarm.kind, alarm.subject) == (AlarmKind.JOURNAL, "b1-17.0")
        await mark_seen(session, alarm.id, company_id=DEFAULT_COMPANY_ID, by="anna", now=clock.now())
        await session.execute(text("ALTER TABLE callback DROP CONSTRAINT fault"))
    await truth.assign_outcomes()
    assert (await card_of(database, "b1-17.0")).callback is not None


NOTES = (
    ("arrived", {"dialled": "+78125550192", "caller_shown": "79001112233", "caller_number": "+79001112233"}),
    ("danger", {"category": "WAT_LEAK"}),
    ("fact", {"контакт": "89005556677"}),
    ("ticket_wanted", {"category": "WAT_LEAK", "contact": "+79005556677", "description": "Течёт"}),
    ("served", {}),
)


@pytest.mark.parametrize("first", ["notes", "truth", "turns"])
async def test_notes_and_truth_give_one_record_whoever_is_first(
    *,
    database: Database,
    files: AsteriskFiles,
    truth: AsteriskLogReader,
    clock: FakeClock,
    bookkeeper: NoteApplier,
    first: str,
) -> None:
    call = InboundCall(files, CALL, MORNING)
    book = Journal(files.journal)

    async def read_truth() -> None:
        while await truth.read_new_lines():
            pass
        await truth.assign_outcomes()

    def write_note(number: int) -> None:
        kind, facts = NOTES[number]
        book.write(Note(f"n{number}", CALL, call.at(1 + number), kind, facts))

    for number in range(len(NOTES)):
        write_note(number)
        if first == "turns":
            await apply_batch(files.journal, database, bookkeeper.apply)
        if number == 0:
            call.arrives()
            if first == "turns":
                await read_truth()
    call.hangs_up(20)
    clock.advance(minutes=1)
    if first == "truth":
        await read_truth()
        assert (await card_of(database, CALL)).call.outcome is None, "notes of that time are still waiting"
    while await apply_batch(files.journal, database, bookkeeper.apply):
        pass
    await read_truth()
    book.close()

    card = await card_of(database, CALL)
    assert (card.call.state, card.call.outcome, card.call.danger) == (CallState.ENDED, Outcome.ROBOT, "WAT_LEAK")
    assert card.call.arrived_at - MORNING <= timedelta(milliseconds=1)
    assert card.call.caller_number == "+79001112233"
    assert sorted(event.kind for event in card.events) == sorted(
        ["arrived", "recording", "answered", "ended", "danger", "fact", "ticket_wanted", "served"]
    )
    assert card.ticket is not None
    assert (card.ticket.state, card.ticket.number) == (TicketState.REGISTERED, "26-000001")
    assert card.ticket.contact_phone == "+79005556677"
    assert card.callback is not None
    assert (card.callback.kind, card.callback.phone) == (CallbackKind.PROMISE, "+79005556677")
    assert card.callback.due_at - card.call.arrived_at == timedelta(minutes=10)

"""What the desk may ask: the card of a call with all that hangs on it, lists, searches, the board."""

from datetime import timedelta

import pytest

from callcenter.alarms.errors import AlarmNotFound
from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import clear_alarm, mark_seen, raise_alarm
from callcenter.alarms.views import one_alarm, open_alarms
from callcenter.callbacks.models import CallbackKind
from callcenter.callbacks.service import open_callback
from callcenter.callbacks.views import open_callbacks
from callcenter.calls.models import CallState, LegRole, Outcome, RecordingState
from callcenter.calls.service import admit_call, lock_call, mark_connected, mark_danger, mark_ended, settle_outcome
from callcenter.calls.views import PAGE_SIZE, CallFilters, call_record, find_calls, live_calls, one_call
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.registration import register_ticket
from callcenter.knowledge.categories import Category
from callcenter.queues.models import MemberState
from callcenter.queues.service import ask_member, claim_requests, settle_request, write_member
from callcenter.queues.views import members, waiting_requests
from callcenter.tickets.models import TicketState
from callcenter.tickets.new_ticket import NewTicket
from callcenter.tickets.views import TicketFilters, find_tickets, ticket_card
from tests.records.conftest import MOSCOW
from tests.records.rows import card_of
from tests.records.test_truth import CALL, LEG, read_all
from tests.stand_ins.asterisk_files import MEMBER, AsteriskFiles, InboundCall
from tests.stand_ins.clock import MORNING, FakeClock


async def test_the_card_of_a_call_tells_its_whole_story_in_order(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, clock: FakeClock, leak: Category
) -> None:
    call = InboundCall(files, CALL, MORNING)
    call.arrives()
    call.enters_queue(20)
    call.rings(LEG, 21)
    call.connects(LEG, 24)
    call.member_ends(LEG, 90)
    call.hangs_up(90)
    await read_all(truth, clock)
    new_ticket = NewTicket(CALL, leak.code, call.at(60), description="Течёт")
    await register_ticket(database, new_ticket, leak, zone=MOSCOW, by="anna")
    async with database.begin() as session:
        assert await call_record(session, DEFAULT_COMPANY_ID, "b1-99.1") is None
    card = await card_of(database, CALL)
    assert [event.kind for event in card.events] == [
        "arrived", "recording", "answered", "queued", "ringing", "connected", "leg_ended", "ended"
    ]  # fmt: skip
    assert [event.at for event in card.events] == sorted(event.at for event in card.events)
    assert [(leg.role, leg.channel_name) for leg in card.legs] == [
        (LegRole.CALLER, call.channel),
        (LegRole.MEMBER, f"{MEMBER}-00000008"),
    ]
    assert card.recording is not None
    assert card.recording.state == RecordingState.PENDING
    assert card.ticket is not None
    assert (card.ticket.number, card.ticket.registered_by) == ("26-000001", "anna")
    assert card.callback is None


async def test_calls_are_found_by_number_outcome_time_and_page(database: Database) -> None:
    async with database.begin() as session:
        for number in range(PAGE_SIZE + 5):
            call_id = f"b1-17.{number}"
            await admit_call(
                session,
                call_id,
                arrived_at=MORNING + timedelta(minutes=number),
                caller_number=f"+7900111{number:04d}",
                caller_shown=f"8900111{number:04d}",
            )
            call = await lock_call(session, call_id)
            if number % 2:
                await mark_ended(session, call, at=MORNING + timedelta(hours=2), cause=16)
                await settle_outcome(session, call, Outcome.TALKED)
        await mark_danger(session, await lock_call(session, "b1-17.40"), category="GAS_SMELL")

        first, last = (
            await find_calls(session, DEFAULT_COMPANY_ID),
            await find_calls(session, DEFAULT_COMPANY_ID, page=99),
        )
        assert (first.total, first.pages, len(first.rows)) == (PAGE_SIZE + 5, 2, PAGE_SIZE)
        assert (last.page, len(last.rows)) == (2, 5)
        assert first.rows[0].call.id == f"b1-17.{PAGE_SIZE + 4}", "the newest first"

        async def found(search: str = "", **filters: object) -> list[str]:
            page = await find_calls(session, DEFAULT_COMPANY_ID, CallFilters(**filters), search=search)  # type: ignore[arg-type]
            return sorted(row.call.id for row in page.rows)

        assert await found("8 900 111-00-07") == ["b1-17.7"]
        assert await found("+7 (900) 111 00 07") == ["b1-17.7"]
        assert await found("1110007") == ["b1-17.7"]
        assert await found("b1-17.7") == ["b1-17.7"]
        assert await found("%") == await found("_") == [], "signs of patterns are only signs"
        assert await found(danger=True) == ["b1-17.40"]
        assert len(await found(outcome=Outcome.TALKED)) == (PAGE_SIZE + 5) // 2
        span = {"since": MORNING + timedelta(minutes=3), "until": MORNING + timedelta(minutes=5)}
        assert await found(**span) == ["b1-17.3", "b1-17.4"]
        assert await found(state=CallState.IVR, **span) == ["b1-17.4"]

        live = await live_calls(session, DEFAULT_COMPANY_ID)
        assert [call.id for call in live[:2]] == ["b1-17.40", "b1-17.0"], "danger first, then who came first"
        assert await one_call(session, DEFAULT_COMPANY_ID, "b1-17.1") is not None


async def test_a_call_of_a_member_is_found_by_the_member(database: Database) -> None:
    async with database.begin() as session:
        await admit_call(session, CALL, arrived_at=MORNING)
        await mark_connected(session, await lock_call(session, CALL), at=MORNING, member=MEMBER)
        page = await find_calls(session, DEFAULT_COMPANY_ID, CallFilters(member=MEMBER))
        assert [row.call.id for row in page.rows] == [CALL]
        assert (await find_calls(session, DEFAULT_COMPANY_ID, CallFilters(member="PJSIP/d-other"))).total == 0


async def test_tickets_are_found_by_number_phone_word_and_state(database: Database, leak: Category) -> None:
    for number, text in enumerate(("Течёт кран", "Течёт крыша 100%")):
        new_ticket = NewTicket(
            f"b1-17.{number}", leak.code, MORNING + timedelta(minutes=number), f"+7900555000{number}", text
        )
        await register_ticket(database, new_ticket, leak, zone=MOSCOW)
    async with database.begin() as session:

        async def found(search: str = "", filters: TicketFilters | None = None) -> list[str | None]:
            page = await find_tickets(session, DEFAULT_COMPANY_ID, filters, search=search)
            return [row.ticket.number for row in page.rows]

        assert await found() == ["26-000002", "26-000001"]
        assert await found("26-000001") == await found("000001") == await found("КРАН") == ["26-000001"]
        assert await found("9") == [], "nearly every telephone number has one"
        assert await found("8 900 555-00-01") == ["26-000002"]
        assert await found("100%") == ["26-000002"]
        assert await found(filters=TicketFilters(state=TicketState.DRAFT)) == []
        assert await found(filters=TicketFilters(category="WAT_LEAK", until=MORNING + timedelta(seconds=1))) == [
            "26-000001"
        ]
        (row, _) = (await find_tickets(session, DEFAULT_COMPANY_ID)).rows
        assert row.due_at == MORNING + timedelta(minutes=31), "the nearest clock still running"
        card = await ticket_card(session, DEFAULT_COMPANY_ID, row.ticket.id)
        assert card is not None
        assert [clock.kind for clock in card.clocks] == ["localise", "resolve"]
        assert [event.kind for event in card.events] == ["opened", "registered"]
        assert await ticket_card(session, DEFAULT_COMPANY_ID, 10**9) is None


async def test_the_board_shows_unseen_alarms_first_and_each_trouble_once(database: Database) -> None:
    async with database.begin() as session:
        for number, subject in enumerate(("first", "second", "third", "first")):
            new = await raise_alarm(
                session,
                kind=AlarmKind.TELEPHONY,
                subject=subject,
                message="Сбой.",
                now=MORNING + timedelta(seconds=number),
            )
            assert new == (number < 3)
        await raise_alarm(session, kind=AlarmKind.DANGER, subject=CALL, message="Газ.", now=MORNING)
        by_subject = {alarm.subject: alarm.id for alarm in await open_alarms(session, DEFAULT_COMPANY_ID)}
        for subject in ("third", CALL):
            await mark_seen(session, by_subject[subject], company_id=DEFAULT_COMPANY_ID, by="anna", now=MORNING)
            await mark_seen(session, by_subject[subject], company_id=DEFAULT_COMPANY_ID, by="igor", now=MORNING)
        assert [alarm.subject for alarm in await open_alarms(session, DEFAULT_COMPANY_ID)] == [
            "second",
            "first",
            "third",
        ]
        danger = await one_alarm(session, by_subject[CALL])
        assert danger is not None
        assert (danger.seen_by, danger.cleared_at) == ("anna", MORNING), "one event: seen is settled"
        assert await clear_alarm(session, kind=AlarmKind.TELEPHONY, subject="third", now=MORNING)
        assert not await clear_alarm(session, kind=AlarmKind.TELEPHONY, subject="third", now=MORNING)
        with pytest.raises(AlarmNotFound):
            await mark_seen(session, 10**9, company_id=DEFAULT_COMPANY_ID, by="anna", now=MORNING)


async def test_tasks_stand_by_their_terms_and_wishes_wait_for_the_controller(database: Database) -> None:
    async with database.begin() as session:
        for number in (2, 1, 3):
            call_id, arrived_at = f"b1-17.{number}", MORNING + timedelta(minutes=number)
            await admit_call(session, call_id, arrived_at=arrived_at)
            await open_callback(
                session,
                company_id=DEFAULT_COMPANY_ID,
                call_id=call_id,
                kind=CallbackKind.ABANDONED,
                phone=None,
                arrived_at=arrived_at,
                now=MORNING,
            )
        assert [task.call_id for task in await open_callbacks(session, DEFAULT_COMPANY_ID)] == [
            "b1-17.1",
            "b1-17.2",
            "b1-17.3",
        ]
        for state in (MemberState.FREE, MemberState.FREE, MemberState.TALKING):
            await write_member(
                session,
                interface=MEMBER,
                name="Место 1",
                extension="201",
                state=state,
                pause_reason=None,
                now=MORNING,
            )
        (member,) = await members(session)
        assert (member.interface, member.state) == (MEMBER, MemberState.TALKING)
        wish = await ask_member(session, interface=MEMBER, paused=True, reason="Обед", author="anna", now=MORNING)
        assert [request.id for request in await waiting_requests(session)] == [wish]
        (claimed,) = await claim_requests(session)
        await settle_request(session, claimed.id, now=MORNING)
        assert await waiting_requests(session) == []

"""Calls as the desk asks for them: the card of one with all that hangs on it, lists and searches."""

from datetime import timedelta

from callcenter.calls.models import CallState, LegRole, Outcome, RecordingState
from callcenter.calls.service import admit_call, lock_call, mark_connected, mark_danger, mark_ended, settle_outcome
from callcenter.calls.views import PAGE_SIZE, CallFilters, call_record, find_calls, live_calls, one_call
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.registration import register_ticket
from callcenter.knowledge.categories import Category
from callcenter.tickets.new_ticket import NewTicket
from tests.helpers.asterisk_reading import CALL, LEG, read_all
from tests.helpers.categories import MOSCOW
from tests.helpers.rows import card_of
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

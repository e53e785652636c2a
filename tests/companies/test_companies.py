"""Two companies in one installation: the dialled number chooses the company, and neither sees what is the other's."""

import pytest

from callcenter.alarms.errors import AlarmNotFound
from callcenter.alarms.service import mark_seen
from callcenter.alarms.views import open_alarms
from callcenter.callbacks.errors import CallbackNotFound
from callcenter.callbacks.models import CallbackKind
from callcenter.callbacks.service import open_callback, take_callback
from callcenter.callbacks.views import one_callback, open_callbacks
from callcenter.calls.models import CallState, EventSource
from callcenter.calls.service import lock_call
from callcenter.calls.views import call_record, find_calls, live_calls, one_call
from callcenter.companies.models import DEFAULT_COMPANY_ID, Company
from callcenter.companies.service import write_default_company
from callcenter.core.database import Database
from callcenter.intake.admission import admit, ensure_call
from callcenter.intake.note_applier import NoteApplier
from callcenter.intake.registration import find_open_tickets, find_ticket, register_ticket
from callcenter.journal.notes import Note
from callcenter.meters.models import MeterKind
from callcenter.meters.views import last_reading, newest_readings
from callcenter.questions.errors import QuestionNotFound
from callcenter.questions.service import settle_question
from callcenter.questions.views import open_questions
from callcenter.tickets.drafts import cancel
from callcenter.tickets.errors import TicketNotFound
from callcenter.tickets.models import TicketState
from callcenter.tickets.new_ticket import NewTicket
from callcenter.tickets.views import TicketFilters, find_tickets, ticket_card
from tests.helpers.categories import MOSCOW, make_category
from tests.stand_ins.clock import MORNING

OURS, THEIRS = "+78125550192", "+78125550193"
OUR_CALL, THEIR_CALL = "b1-1.1", "b1-1.2"
RESIDENT = "+79005556677"
"""Calls both companies."""
DRAFTS = TicketFilters(state=TicketState.DRAFT)


@pytest.fixture
async def other(database: Database) -> int:
    """The id of a second company beside that of the settings."""
    async with database.begin() as session:
        await write_default_company(session, name="Северный берег", number=OURS, time_zone="Europe/Moscow")
        company = Company(name="Южный берег", number=THEIRS, time_zone="Europe/Moscow")
        session.add(company)
        await session.flush()
        return company.id


async def call(database: Database, call_id: str, dialled: str) -> None:
    async with database.begin() as session:
        await admit(session, call_id, at=MORNING, dialled=dialled, caller_shown=RESIDENT, source=EventSource.CEL)


async def tell(database: Database, call_id: str, kind: str, **facts: str) -> None:
    note = Note(id=f"{call_id} {kind}", call_id=call_id, at=MORNING, kind=kind, facts=facts)
    async with database.begin() as session:
        await NoteApplier({}, MOSCOW).apply(session, note)  # type: ignore[arg-type]


async def both_call(database: Database) -> None:
    await call(database, OUR_CALL, "88125550192")
    await call(database, THEIR_CALL, "+7 (812) 555-01-93")


async def company_of(database: Database, call_id: str) -> int:
    async with database.begin() as session:
        return (await lock_call(session, call_id)).company_id


@pytest.mark.parametrize("dialled", [OURS, "88125550192", "", "101", "+78125550199"])
async def test_any_number_but_anothers_is_the_companys_of_the_settings(
    database: Database, other: int, dialled: str
) -> None:
    await call(database, OUR_CALL, dialled)
    assert await company_of(database, OUR_CALL) == DEFAULT_COMPANY_ID != other


async def test_the_dialled_number_chooses_the_company_of_a_call_its_draft_and_its_lists(
    database: Database, other: int
) -> None:
    await both_call(database)
    for company_id, own, foreign in ((DEFAULT_COMPANY_ID, OUR_CALL, THEIR_CALL), (other, THEIR_CALL, OUR_CALL)):
        async with database.begin() as session:
            assert [row.call.id for row in (await find_calls(session, company_id)).rows] == [own]
            assert [one.id for one in await live_calls(session, company_id)] == [own]
            assert await one_call(session, company_id, foreign) is None
            assert await call_record(session, company_id, foreign) is None
            assert (await find_calls(session, company_id, search=RESIDENT)).total == 1
            (draft,) = (await find_tickets(session, company_id, DRAFTS)).rows
            assert draft.ticket.call_id == own
            foreign_id = draft.ticket.id + (1 if company_id == DEFAULT_COMPANY_ID else -1)
            assert await ticket_card(session, company_id, foreign_id) is None
            with pytest.raises(TicketNotFound):
                await cancel(session, foreign_id, company_id=company_id, reason="чужая", author="d1", now=MORNING)


async def test_a_call_whose_number_comes_late_moves_with_its_draft(database: Database, other: int) -> None:
    async with database.begin() as session:
        await ensure_call(session, THEIR_CALL, at=MORNING)
    assert await company_of(database, THEIR_CALL) == DEFAULT_COMPANY_ID
    await call(database, THEIR_CALL, THEIRS)
    assert await company_of(database, THEIR_CALL) == other
    async with database.begin() as session:
        assert (await find_tickets(session, DEFAULT_COMPANY_ID, DRAFTS)).total == 0
        assert (await find_tickets(session, other, DRAFTS)).total == 1


async def test_each_company_counts_its_tickets_from_one_and_a_caller_hears_of_its_own(
    database: Database, other: int
) -> None:
    await both_call(database)
    category = make_category()
    for call_id in (OUR_CALL, THEIR_CALL):
        ticket = await register_ticket(
            database, NewTicket(call_id, category.code, MORNING, RESIDENT, call_id), category, zone=MOSCOW
        )
        assert ticket.number == "26-000001"
    for dialled, call_id in ((OURS, OUR_CALL), (THEIRS, THEIR_CALL)):
        found = await find_open_tickets(database, dialled=dialled, phone=RESIDENT, call_id=call_id)
        assert len(found) == 1
        assert await find_ticket(database, "26000001", dialled=dialled) is not None
    await call(database, "b1-1.3", THEIRS)
    second = NewTicket("b1-1.3", category.code, MORNING)
    assert (await register_ticket(database, second, category, zone=MOSCOW)).number == "26-000002"
    assert await find_ticket(database, "26000002", dialled=OURS) is None


async def test_callbacks_and_alarms_are_the_companys_of_the_call(database: Database, other: int) -> None:
    await both_call(database)
    async with database.begin() as session:
        await open_callback(
            session,
            company_id=await company_of(database, THEIR_CALL),
            call_id=THEIR_CALL,
            kind=CallbackKind.ABANDONED,
            phone=None,
            arrived_at=MORNING,
            now=MORNING,
        )
    await tell(database, THEIR_CALL, "danger", category="GAS_SMELL")
    async with database.begin() as session:
        (callback,) = await open_callbacks(session, other)
        (alarm,) = await open_alarms(session, other)
        assert not await open_callbacks(session, DEFAULT_COMPANY_ID)
        assert not await open_alarms(session, DEFAULT_COMPANY_ID)
        assert await one_callback(session, callback.id, company_id=DEFAULT_COMPANY_ID) is None
        with pytest.raises(CallbackNotFound):
            await take_callback(session, callback.id, company_id=DEFAULT_COMPANY_ID, login="d1", now=MORNING)
        with pytest.raises(AlarmNotFound):
            await mark_seen(session, alarm.id, company_id=DEFAULT_COMPANY_ID, by="d1", now=MORNING)


async def test_one_account_number_is_two_accounts_and_questions_are_apart(database: Database, other: int) -> None:
    await both_call(database)
    for call_id, value in ((OUR_CALL, "100"), (THEIR_CALL, "7")):
        await tell(database, call_id, "reading", account="00781203", meter="cold", value=value)
        await tell(database, call_id, "unanswered", text="где купить соль")
    for company_id, value in ((DEFAULT_COMPANY_ID, 100), (other, 7)):
        async with database.begin() as session:
            reading = await last_reading(session, company_id, "00781203", MeterKind.COLD)
            assert reading is not None
            assert (reading.value, reading.doubt) == (value, None), "the other company's reading is no yardstick"
            assert len(await newest_readings(session, company_id)) == 1
            assert [one.call_count for one in await open_questions(session, company_id)] == [1]
    async with database.begin() as session:
        (theirs,) = await open_questions(session, other)
        with pytest.raises(QuestionNotFound):
            await settle_question(session, theirs.id, company_id=DEFAULT_COMPANY_ID, by="director", now=MORNING)


async def test_no_row_of_a_call_is_without_a_company(database: Database, other: int) -> None:
    await both_call(database)
    async with database.begin() as session:
        assert (await lock_call(session, OUR_CALL)).state == CallState.IVR
    assert {await company_of(database, one) for one in (OUR_CALL, THEIR_CALL)} == {DEFAULT_COMPANY_ID, other}

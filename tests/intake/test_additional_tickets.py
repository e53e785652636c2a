"""Two troubles in one call are two tickets, and both are found by the telephone they were told from."""

from datetime import timedelta

from callcenter.core.database import Database
from callcenter.intake.registration import RegisteredTicket, find_open_tickets, register_ticket
from callcenter.tickets.models import TicketState
from callcenter.tickets.new_ticket import NewTicket
from callcenter.tickets.views import additional_tickets
from tests.helpers.asterisk_reading import CALL
from tests.helpers.categories import MOSCOW, make_category
from tests.helpers.rows import card_of
from tests.stand_ins.clock import MORNING

PHONE = "+79005556677"


async def report(
    database: Database, code: str, *, more: bool, call_id: str = CALL, phone: str = PHONE
) -> RegisteredTicket:
    new_ticket = NewTicket(
        call_id=call_id,
        category=code,
        reported_at=MORNING,
        contact_phone=phone,
        description="всё сразу",
        address="Тихая улица, дом 11",
        is_additional=more,
    )
    return await register_ticket(database, new_ticket, make_category(code=code), zone=MOSCOW)


async def test_a_second_trouble_stands_beside_the_calls_own_ticket(database: Database) -> None:
    own = await report(database, "WAT_LEAK", more=False)
    beside = await report(database, "LIFT_FAULT", more=True)
    assert (own.number, beside.number, beside.is_new) == ("26-000001", "26-000002", True)
    card = await card_of(database, CALL)
    assert card.ticket is not None
    assert card.ticket.category == "WAT_LEAK"
    async with database.begin() as session:
        (ticket,) = await additional_tickets(session, CALL)
    assert (ticket.category, ticket.state, ticket.address) == (
        "LIFT_FAULT",
        TicketState.REGISTERED,
        "Тихая улица, дом 11",
    )
    assert ticket.call_id == CALL


async def test_the_same_trouble_again_gives_the_number_it_has(database: Database) -> None:
    own = await report(database, "WAT_LEAK", more=False)
    beside = await report(database, "LIFT_FAULT", more=True)
    again = [await report(database, code, more=True) for code in ("WAT_LEAK", "LIFT_FAULT")]
    assert [(one.number, one.is_new) for one in again] == [(own.number, False), (beside.number, False)]


async def test_a_second_trouble_without_a_first_is_the_calls_own(database: Database) -> None:
    """The database was away when the first was told: its note comes later, or never."""
    told = await report(database, "LIFT_FAULT", more=True)
    card = await card_of(database, CALL)
    assert card.ticket is not None
    assert card.ticket.number == told.number


async def test_open_tickets_are_found_by_telephone_and_by_call_and_by_nothing_else(database: Database) -> None:
    await report(database, "WAT_LEAK", more=False)
    await report(database, "LIFT_FAULT", more=True)
    await report(database, "HEAT_NONE", more=False, call_id="b1-1.9", phone="+79110000000")
    by_phone = await find_open_tickets(database, dialled="", phone=PHONE, call_id="b1-1.5")
    assert [code for _, code in by_phone] == ["LIFT_FAULT", "WAT_LEAK"]
    status = by_phone[0][0]
    assert (status.number, status.due_at) == ("26-000002", MORNING + timedelta(minutes=30))
    by_call = await find_open_tickets(database, dialled="", phone=None, call_id=CALL)
    assert [code for _, code in by_call] == ["LIFT_FAULT", "WAT_LEAK"]
    assert await find_open_tickets(database, dialled="", phone="+79119999999", call_id="b1-1.5") == []
    async with database.begin() as session:
        ticket = (await additional_tickets(session, CALL))[0]
        ticket.state = TicketState.RESOLVED
    assert [code for _, code in await find_open_tickets(database, dialled="", phone=PHONE, call_id="b1-1.5")] == [
        "WAT_LEAK"
    ]

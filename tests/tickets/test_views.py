"""Tickets as the desk asks for them: by number, telephone, words and state, and one with all that hangs on it."""

from datetime import timedelta

from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.intake.registration import register_ticket
from callcenter.knowledge.categories import Category
from callcenter.tickets.models import TicketState
from callcenter.tickets.new_ticket import NewTicket
from callcenter.tickets.views import TicketFilters, find_tickets, ticket_card
from tests.helpers.categories import MOSCOW
from tests.stand_ins.clock import MORNING


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

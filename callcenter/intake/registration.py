"""Tickets for the robot: registered once a call, found by the digits a caller types."""

from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.service import lock_call
from callcenter.core.database import Database, is_conflict
from callcenter.intake.admission import ensure_call
from callcenter.knowledge.categories import Category
from callcenter.tickets.models import Ticket, TicketState
from callcenter.tickets.service import open_beside, open_draft, register
from callcenter.tickets.views import clocks_of, open_tickets, ticket_by_digits, ticket_of_call

_MAX_ATTEMPTS = 3
ROBOT = "robot"


@dataclass(frozen=True, slots=True)
class RegisteredTicket:
    """What the caller is told. `due_at` is the nearest term of the ticket, None when it has none."""

    number: str
    due_at: datetime | None
    responsible: str
    is_new: bool = field(default=True, compare=False)
    """False: it was registered before."""


@dataclass(frozen=True, slots=True)
class TicketStatus:
    """What anybody who knows the number may hear: no name, no address, no phone."""

    number: str
    state: TicketState
    due_at: datetime | None
    """The nearest term still running."""
    category_name: str


async def register_ticket(
    database: Database,
    *,
    call_id: str,
    category: Category,
    contact_phone: str | None,
    description: str,
    now: datetime,
    zone: tzinfo,
    address: str = "",
    by: str = ROBOT,
    is_additional: bool = False,
) -> RegisteredTicket:
    """Registers the call's ticket; a second time gives the same number. Raises DatabaseUnavailable.

    `is_additional`: another trouble of the call, whose ticket stands beside the call's own; it has one a category.
    """
    for attempt in range(1, _MAX_ATTEMPTS + 1):
        try:
            async with database.begin() as session:
                return await register_for_call(
                    session,
                    call_id=call_id,
                    category=category,
                    contact_phone=contact_phone,
                    description=description,
                    address=address,
                    now=now,
                    zone=zone,
                    by=by,
                    is_additional=is_additional,
                )
        except DBAPIError as error:
            if attempt == _MAX_ATTEMPTS or not is_conflict(error):
                raise
    raise AssertionError("unreachable")


async def register_for_call(
    session: AsyncSession,
    *,
    call_id: str,
    category: Category,
    contact_phone: str | None,
    description: str,
    now: datetime,
    zone: tzinfo,
    by: str,
    address: str = "",
    is_additional: bool = False,
) -> RegisteredTicket:
    """The same within a session of the caller's, who commits it."""
    await ensure_call(session, call_id, at=now)
    call = await lock_call(session, call_id)
    own = await ticket_of_call(session, call_id)
    if is_additional and own is not None and own.number is not None and own.category != category.code:
        ticket_id = await open_beside(session, call_id=call_id, category=category.code, author=by, now=now)
    else:
        ticket_id = await open_draft(session, call_id=call_id, author=by, now=now)
    opened = await session.get(Ticket, ticket_id)
    new = opened is None or opened.number is None
    ticket = await register(
        session,
        ticket_id,
        category=category,
        contact_phone=contact_phone or call.caller_number,
        description=description,
        address=address,
        arrived_at=call.arrived_at,
        now=now,
        zone=zone,
        by=by,
    )
    return RegisteredTicket(
        str(ticket.number), await _find_next_due_at(session, ticket), ticket.responsible or "", is_new=new
    )


async def find_open_tickets(database: Database, *, phone: str | None, call_id: str) -> list[tuple[TicketStatus, str]]:
    """The open tickets reported from a telephone (E.164) or in a call, the newest first, with their categories' codes.

    Raises DatabaseUnavailable.
    """
    async with database.begin() as session:
        return [
            (
                TicketStatus(
                    str(ticket.number),
                    ticket.state,
                    await _find_next_due_at(session, ticket),
                    ticket.category_name or "",
                ),
                ticket.category or "",
            )
            for ticket in await open_tickets(session, phone=phone, call_id=call_id)
        ]


async def find_ticket(database: Database, number_digits: str) -> TicketStatus | None:
    """The ticket with these digits (`26000123`, or the end without the year); None when there is none.

    Raises DatabaseUnavailable.
    """
    async with database.begin() as session:
        ticket = await ticket_by_digits(session, number_digits)
        if ticket is None:
            return None
        return TicketStatus(
            str(ticket.number), ticket.state, await _find_next_due_at(session, ticket), ticket.category_name or ""
        )


async def _find_next_due_at(session: AsyncSession, ticket: Ticket) -> datetime | None:
    running = [clock.due_at for clock in await clocks_of(session, ticket.id) if clock.stopped_at is None]
    return running[0] if running else None

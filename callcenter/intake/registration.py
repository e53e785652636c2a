"""Registers tickets for the robot and the dispatchers, and looks tickets up for the robot."""

from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.service import lock_call
from callcenter.calls.views import one_call
from callcenter.companies.service import choose_company
from callcenter.core.database import Database, is_conflict
from callcenter.intake.admission import ensure_call
from callcenter.knowledge.categories import Category
from callcenter.tickets.drafts import edit_draft
from callcenter.tickets.models import Ticket, TicketState
from callcenter.tickets.new_ticket import NewTicket
from callcenter.tickets.service import open_additional, open_draft, register
from callcenter.tickets.views import clocks_of, first_call_of, open_tickets, ticket_by_digits, ticket_of_call

_MAX_ATTEMPTS = 3
ROBOT = "robot"


@dataclass(frozen=True, slots=True)
class RegisteredTicket:
    """What the robot says to the caller. `due_at`: the nearest deadline still running, None when there is none."""

    number: str
    due_at: datetime | None
    responsible: str
    is_new: bool = field(default=True, compare=False)
    """False when the ticket already had a number."""


@dataclass(frozen=True, slots=True)
class TicketStatus:
    """The public part of a ticket, for anybody who knows its number: no name, address or phone."""

    number: str
    state: TicketState
    due_at: datetime | None
    """The nearest deadline still running."""
    category_name: str


async def register_ticket(
    database: Database, new_ticket: NewTicket, category: Category, *, zone: tzinfo, by: str = ROBOT
) -> RegisteredTicket:
    """Registers a ticket for a call. Idempotent: a repetition returns the same number. Raises DatabaseUnavailable.

    `category` must match `new_ticket.category`. A conflict with another transaction is retried, _MAX_ATTEMPTS attempts
    in all; then DBAPIError is raised.
    """
    for attempt in range(1, _MAX_ATTEMPTS + 1):
        try:
            async with database.begin() as session:
                return await register_for_call(session, new_ticket, category, zone=zone, by=by)
        except DBAPIError as error:
            if attempt == _MAX_ATTEMPTS or not is_conflict(error):
                raise
    raise AssertionError("unreachable")


async def register_for_call(
    session: AsyncSession, new_ticket: NewTicket, category: Category, *, zone: tzinfo, by: str
) -> RegisteredTicket:
    """Like `register_ticket`, in a session that the caller commits; without retries."""
    call_id, now = new_ticket.call_id, new_ticket.reported_at
    await ensure_call(session, call_id, at=now)
    call = await lock_call(session, call_id)
    main = await ticket_of_call(session, call_id)
    has_other = main is not None and main.number is not None and main.category != category.code
    if new_ticket.is_additional and has_other:
        ticket_id = await open_additional(session, call_id=call_id, category=category.code, author=by, now=now)
    else:
        ticket_id = await open_draft(session, call_id=call_id, author=by, now=now)
    opened = await session.get(Ticket, ticket_id)
    is_new = opened is None or opened.number is None
    ticket = await register(
        session,
        ticket_id,
        category=category,
        contact_phone=new_ticket.contact_phone or call.caller_number,
        description=new_ticket.description,
        address=new_ticket.address,
        arrived_at=call.arrived_at,
        now=now,
        zone=zone,
        by=by,
    )
    return RegisteredTicket(
        str(ticket.number), await _find_next_due_at(session, ticket), ticket.responsible or "", is_new=is_new
    )


@dataclass(frozen=True, slots=True)
class DraftFields:
    """Draft fields filled in by a dispatcher. `contact_phone` is E.164."""

    category: Category | None
    address: str
    contact_phone: str | None
    description: str


async def save_draft(
    session: AsyncSession, ticket_id: int, fields: DraftFields, *, company_id: int, by: str, now: datetime
) -> Ticket:
    """Saves the fields of a draft. Raises TicketNotFound, TicketSettled."""
    return await edit_draft(
        session,
        ticket_id,
        company_id=company_id,
        category=fields.category,
        address=fields.address,
        contact_phone=fields.contact_phone,
        description=fields.description,
        author=by,
        now=now,
    )


async def register_draft(
    session: AsyncSession,
    ticket_id: int,
    fields: DraftFields,
    category: Category,
    *,
    company_id: int,
    by: str,
    now: datetime,
    zone: tzinfo,
) -> Ticket:
    """Saves the fields of a draft and registers it with a number and clocks. Raises TicketNotFound, TicketSettled.

    The time of the report is the arrival of the call, or `now` for a ticket without a call.
    """
    await save_draft(session, ticket_id, fields, company_id=company_id, by=by, now=now)
    call_id = await first_call_of(session, ticket_id)
    call = await one_call(session, company_id, call_id) if call_id else None
    return await register(
        session,
        ticket_id,
        category=category,
        contact_phone=fields.contact_phone,
        description=fields.description,
        arrived_at=call.arrived_at if call else now,
        now=now,
        zone=zone,
        by=by,
    )


async def find_open_tickets(
    database: Database, *, dialled: str, phone: str | None, call_id: str
) -> list[tuple[TicketStatus, str]]:
    """The open tickets reported from a phone number (E.164) or in a call, newest first, with their category codes.

    Raises DatabaseUnavailable.
    """
    async with database.begin() as session:
        company_id = await choose_company(session, dialled)
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
            for ticket in await open_tickets(session, company_id, phone=phone, call_id=call_id)
        ]


async def find_ticket(database: Database, number_digits: str, *, dialled: str) -> TicketStatus | None:
    """The ticket with this number (`26000123`, or its end without the year) in the company whose number was dialed.

    None when there is none. Raises DatabaseUnavailable.
    """
    async with database.begin() as session:
        company_id = await choose_company(session, dialled)
        ticket = await ticket_by_digits(session, company_id, number_digits)
        if ticket is None:
            return None
        return TicketStatus(
            str(ticket.number), ticket.state, await _find_next_due_at(session, ticket), ticket.category_name or ""
        )


async def _find_next_due_at(session: AsyncSession, ticket: Ticket) -> datetime | None:
    running = [clock.due_at for clock in await clocks_of(session, ticket.id) if clock.stopped_at is None]
    return running[0] if running else None

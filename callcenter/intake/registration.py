"""Tickets for the robot: registered once a call, found by the digits a caller types."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.service import lock_call
from callcenter.core.database import Database
from callcenter.intake.admission import ensure_call
from callcenter.intake.errors import is_clash, open_session
from callcenter.knowledge.categories import Category
from callcenter.tickets.models import Ticket, TicketState
from callcenter.tickets.service import open_draft, register
from callcenter.tickets.views import clocks_of, ticket_by_digits

_ATTEMPTS = 3
ROBOT = "robot"


@dataclass(frozen=True, slots=True)
class Registered:
    """What the caller is told. `due_at` is the nearest term of the ticket, None when it has none."""

    number: str
    due_at: datetime | None
    responsible: str


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
) -> Registered:
    """Registers the call's ticket; a second time gives the same number. Raises DatabaseAway."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with open_session(database) as session:
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
                )
        except DBAPIError as error:
            if attempt == _ATTEMPTS or not is_clash(error):
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
) -> Registered:
    """The same within a session of the caller's, who commits it."""
    await ensure_call(session, call_id, at=now)
    call = await lock_call(session, call_id)
    ticket = await register(
        session,
        await open_draft(session, call_id=call_id, author=by, now=now),
        category=category,
        contact_phone=contact_phone or call.caller_number,
        description=description,
        address=address,
        arrived_at=call.arrived_at,
        now=now,
        zone=zone,
        by=by,
    )
    return Registered(str(ticket.number), await _nearest(session, ticket), ticket.responsible or "")


async def find_ticket(database: Database, number_digits: str) -> TicketStatus | None:
    """The ticket with these digits (`26000123`, or the end without the year); None when there is none.

    Raises DatabaseAway.
    """
    async with open_session(database) as session:
        ticket = await ticket_by_digits(session, number_digits)
        if ticket is None:
            return None
        return TicketStatus(
            str(ticket.number), ticket.state, await _nearest(session, ticket), ticket.category_name or ""
        )


async def _nearest(session: AsyncSession, ticket: Ticket) -> datetime | None:
    running = [clock.due_at for clock in await clocks_of(session, ticket.id) if clock.stopped_at is None]
    return running[0] if running else None

"""Manual changes of a ticket by a dispatcher: edit a draft, cancel a ticket. Nothing here commits."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import clear_alarm
from callcenter.core.database import notify
from callcenter.knowledge.categories import Category
from callcenter.tickets.errors import TicketNotFound, TicketSettled
from callcenter.tickets.models import Ticket, TicketClock, TicketEvent, TicketState

CANCELLABLE = frozenset({TicketState.DRAFT, TicketState.REGISTERED, TicketState.ASSIGNED})


async def edit_draft(
    session: AsyncSession,
    ticket_id: int,
    *,
    company_id: int,
    category: Category | None,
    address: str,
    contact_phone: str | None,
    description: str,
    author: str,
    now: datetime,
) -> Ticket:
    """Overwrites the fields of a draft; the history keeps the previous values.

    Raises TicketNotFound, also for another company's ticket, and TicketSettled when the ticket is no longer a draft.
    """
    ticket = await _lock_ticket(session, ticket_id, company_id)
    if ticket.state != TicketState.DRAFT:
        raise TicketSettled("Заявка уже не черновик: её поля больше не меняются.")
    wanted = {
        "category": category.code if category else None,
        "category_name": category.name if category else None,
        "urgency": category.urgency if category else None,
        "address": address,
        "contact_phone": contact_phone[:20] if contact_phone else None,
        "description": description,
    }
    before = {name: getattr(ticket, name) for name in wanted}
    changed = [name for name in wanted if wanted[name] != before[name]]
    if not changed:
        return ticket
    for name in changed:
        setattr(ticket, name, wanted[name])
    facts = {name: {"from": before[name], "to": wanted[name]} for name in changed}
    await _record_ticket_event(session, ticket, at=now, kind="edited", author=author, facts=facts)
    return ticket


async def cancel(
    session: AsyncSession, ticket_id: int, *, company_id: int, reason: str, author: str, now: datetime
) -> Ticket:
    """Cancels a ticket and stops its clocks. The ticket keeps its number.

    A draft also becomes CANCELLED, not DROPPED: a dropped draft may be restored automatically, a person's decision may
    not be undone.

    Raises TicketNotFound, also for another company's ticket, and TicketSettled when its state is not in CANCELLABLE.
    """
    ticket = await _lock_ticket(session, ticket_id, company_id)
    if ticket.state not in CANCELLABLE:
        raise TicketSettled("Эту заявку уже нельзя отменить.")
    ticket.state = TicketState.CANCELLED
    stopped = await session.scalars(
        update(TicketClock)
        .where(TicketClock.ticket_id == ticket.id, TicketClock.stopped_at.is_(None))
        .values(stopped_at=now)
        .returning(TicketClock.id)
    )
    for clock_id in stopped.all():
        await clear_alarm(session, kind=AlarmKind.TICKET_OVERDUE, subject=str(clock_id), now=now)
    await _record_ticket_event(session, ticket, at=now, kind="cancelled", author=author, facts={"reason": reason})
    return ticket


async def _lock_ticket(session: AsyncSession, ticket_id: int, company_id: int) -> Ticket:
    ticket = await session.scalar(
        select(Ticket)
        .where(Ticket.id == ticket_id, Ticket.company_id == company_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if ticket is None:
        raise TicketNotFound
    return ticket


async def _record_ticket_event(
    session: AsyncSession, ticket: Ticket, *, at: datetime, kind: str, author: str, facts: Mapping[str, object]
) -> None:
    session.add(TicketEvent(ticket_id=ticket.id, at=at, kind=kind, author=author, facts=dict(facts)))
    await session.flush()
    await notify(session, "ticket", ticket.id)

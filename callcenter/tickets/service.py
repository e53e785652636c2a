"""Drafts and registration. Nothing here commits: a number is taken only together with what needs it."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.core.database import notify
from callcenter.knowledge.categories import Category, ClockStart
from callcenter.tickets.clocks import set_clocks
from callcenter.tickets.errors import TicketNotFound
from callcenter.tickets.models import Ticket, TicketClock, TicketCounter, TicketEvent, TicketState


async def open_draft(session: AsyncSession, *, call_id: str, author: str, now: datetime) -> int:
    """The id of the call's ticket, opened as a draft when the call has none."""
    made = await session.scalar(
        insert(Ticket)
        .values(call_id=call_id, state=TicketState.DRAFT, description="", address="", created_at=now)
        .on_conflict_do_nothing(index_elements=["call_id"])
        .returning(Ticket.id)
    )
    if made is not None:
        await _record_ticket_event(session, made, at=now, kind="opened", author=author)
        return int(made)
    found = await session.scalar(select(Ticket.id).where(Ticket.call_id == call_id))
    assert found is not None  # noqa: S101  (the conflict was with this row, and tickets are never deleted)
    return int(found)


async def open_beside(session: AsyncSession, *, call_id: str, category: str, author: str, now: datetime) -> int:
    """The id of the call's other ticket of this category, opened as a draft when there is none."""
    made = await session.scalar(
        insert(Ticket)
        .values(
            beside_call_id=call_id,
            category=category,
            state=TicketState.DRAFT,
            description="",
            address="",
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["beside_call_id", "category"])
        .returning(Ticket.id)
    )
    if made is not None:
        await _record_ticket_event(session, made, at=now, kind="opened", author=author)
        return int(made)
    found = await session.scalar(select(Ticket.id).where(Ticket.beside_call_id == call_id, Ticket.category == category))
    assert found is not None  # noqa: S101  (the conflict was with this row, and tickets are never deleted)
    return int(found)


async def register(
    session: AsyncSession,
    ticket_id: int,
    *,
    category: Category,
    contact_phone: str | None,
    description: str,
    arrived_at: datetime,
    now: datetime,
    zone: tzinfo,
    by: str,
    address: str = "",
) -> Ticket:
    """Gives a draft its number and its clocks; a ticket that has a number stays as it is.

    `address`: empty leaves what the draft has. `arrived_at` is when the caller told us: the call's arrival. The year
    of the number is that of `now` in `zone`. The counter's row stays locked until the session ends, so a rolled back
    registration leaves no gap. Raises TicketNotFound.
    """
    ticket = await _lock_ticket(session, ticket_id)
    if ticket.number is not None:
        return ticket
    ticket.state = TicketState.REGISTERED
    ticket.year = now.astimezone(zone).year
    ticket.ordinal = await _next_ordinal(session, ticket.year)
    ticket.category = category.code
    ticket.category_name = category.name
    ticket.urgency = category.urgency
    ticket.responsible = category.responsible
    ticket.description = description
    ticket.address = address or ticket.address
    ticket.contact_phone = contact_phone[:20] if contact_phone else None
    ticket.registered_at = now
    ticket.registered_by = by
    starts = {ClockStart.REGISTRATION: now, ClockStart.MESSAGE: arrived_at, ClockStart.DAMAGE: arrived_at}
    for deadline in set_clocks(category.clocks, starts=starts, zone=zone):
        session.add(
            TicketClock(
                ticket_id=ticket.id,
                kind=deadline.kind,
                starts_at=deadline.starts_at,
                due_at=deadline.due_at,
                basis=deadline.basis,
            )
        )
    await _record_ticket_event(
        session, ticket.id, at=now, kind="registered", author=by, facts={"number": ticket.number}
    )
    return ticket


async def note_address(session: AsyncSession, *, call_id: str, address: str) -> bool:
    """Writes into the draft of a call where it is; False when the call has no draft any more."""
    ticket = await session.scalar(
        select(Ticket).where(Ticket.call_id == call_id, Ticket.state == TicketState.DRAFT).with_for_update()
    )
    if ticket is None:
        return False
    ticket.address = address
    await session.flush()
    await notify(session, "ticket", ticket.id)
    return True


async def drop_draft(session: AsyncSession, *, call_id: str, reason: str, author: str, now: datetime) -> bool:
    """Drops the draft of a call that needed no ticket; False when there is no draft to drop."""
    ticket = await session.scalar(
        select(Ticket).where(Ticket.call_id == call_id, Ticket.state == TicketState.DRAFT).with_for_update()
    )
    if ticket is None:
        return False
    ticket.state = TicketState.DROPPED
    await _record_ticket_event(session, ticket.id, at=now, kind="dropped", author=author, facts={"reason": reason})
    return True


async def restore_draft(session: AsyncSession, *, call_id: str, reason: str, author: str, now: datetime) -> bool:
    """Takes a dropped draft up again; False when none was dropped."""
    ticket = await session.scalar(
        select(Ticket).where(Ticket.call_id == call_id, Ticket.state == TicketState.DROPPED).with_for_update()
    )
    if ticket is None:
        return False
    ticket.state = TicketState.DRAFT
    await _record_ticket_event(session, ticket.id, at=now, kind="restored", author=author, facts={"reason": reason})
    return True


async def _lock_ticket(session: AsyncSession, ticket_id: int) -> Ticket:
    ticket = await session.scalar(
        select(Ticket).where(Ticket.id == ticket_id).with_for_update().execution_options(populate_existing=True)
    )
    if ticket is None:
        raise TicketNotFound
    return ticket


async def _next_ordinal(session: AsyncSession, year: int) -> int:
    statement = insert(TicketCounter).values(year=year, last=1)
    ordinal = await session.scalar(
        statement.on_conflict_do_update(index_elements=["year"], set_={"last": TicketCounter.last + 1}).returning(
            TicketCounter.last
        )
    )
    assert ordinal is not None  # noqa: S101  (an upsert always returns its row)
    return int(ordinal)


async def _record_ticket_event(
    session: AsyncSession,
    ticket_id: int,
    *,
    at: datetime,
    kind: str,
    author: str,
    facts: Mapping[str, Any] | None = None,
) -> None:
    session.add(TicketEvent(ticket_id=ticket_id, at=at, kind=kind, author=author, facts=dict(facts or {})))
    await session.flush()
    await notify(session, "ticket", ticket_id)

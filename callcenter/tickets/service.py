"""Drafts and registration of tickets. Nothing here commits: a number is committed only together with its ticket."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.companies.service import company_of_call
from callcenter.core.database import notify
from callcenter.knowledge.categories import Category, ClockStart
from callcenter.tickets.clocks import set_clocks
from callcenter.tickets.errors import TicketNotFound
from callcenter.tickets.models import Ticket, TicketCall, TicketClock, TicketCounter, TicketEvent, TicketState


async def open_draft(session: AsyncSession, *, call_id: str, author: str, now: datetime) -> int:
    """Returns the id of the call's main ticket. Opens a draft when there is none."""
    found = await _find_main_ticket(session, call_id)
    if found is not None:
        return found
    made = await _insert_draft(session, call_id, category=None, now=now)
    linked = await session.scalar(
        insert(TicketCall)
        .values(ticket_id=made, call_id=call_id, is_main=True)
        .on_conflict_do_nothing(index_elements=["call_id"], index_where=text("is_main"))
        .returning(TicketCall.ticket_id)
    )
    if linked is None:  # another transaction has just opened the draft
        await session.execute(delete(Ticket).where(Ticket.id == made))
        found = await _find_main_ticket(session, call_id)
        assert found is not None  # noqa: S101  (the conflict was with this row, and tickets are never deleted)
        return found
    await _record_ticket_event(session, made, at=now, kind="opened", author=author)
    return made


async def open_additional(session: AsyncSession, *, call_id: str, category: str, author: str, now: datetime) -> int:
    """Returns the id of the call's additional ticket of this category. Opens a draft when there is none.

    The call's row must be locked, so that two transactions never open the same ticket.
    """
    found = await session.scalar(
        select(Ticket.id)
        .join(TicketCall, TicketCall.ticket_id == Ticket.id)
        .where(TicketCall.call_id == call_id, ~TicketCall.is_main, Ticket.category == category)
    )
    if found is not None:
        return int(found)
    made = await _insert_draft(session, call_id, category=category, now=now)
    await session.execute(insert(TicketCall).values(ticket_id=made, call_id=call_id, is_main=False))
    await _record_ticket_event(session, made, at=now, kind="opened", author=author)
    return made


async def assign_company(session: AsyncSession, *, call_id: str) -> None:
    """Sets the company of the call's draft to that of the call, when the dialed number became known after the
    arrival."""
    main = select(TicketCall.ticket_id).where(TicketCall.call_id == call_id, TicketCall.is_main)
    await session.execute(
        update(Ticket)
        .where(Ticket.id.in_(main), Ticket.state == TicketState.DRAFT)
        .values(company_id=company_of_call(call_id))
    )


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
    """Registers a draft: gives it a number and clocks. A ticket that has a number is returned unchanged.

    `address`: empty keeps the draft's address. `arrived_at`: the arrival of the call, which counts as the time of the
    report. The year of the number is the year of `now` in `zone`. The counter's row stays locked until the transaction
    ends, so a rolled back registration leaves no gap. Raises TicketNotFound.
    """
    ticket = await _lock_ticket(session, ticket_id)
    if ticket.number is not None:
        return ticket
    ticket.state = TicketState.REGISTERED
    ticket.year = now.astimezone(zone).year
    ticket.ordinal = await _next_ordinal(session, ticket.company_id, ticket.year)
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
    """Saves the address in the draft of a call; False when the call no longer has a draft."""
    ticket = await _lock_main_ticket(session, call_id, TicketState.DRAFT)
    if ticket is None:
        return False
    ticket.address = address
    await session.flush()
    await notify(session, "ticket", ticket.id)
    return True


async def drop_draft(session: AsyncSession, *, call_id: str, reason: str, author: str, now: datetime) -> bool:
    """Drops the draft of a call that needed no ticket; False when there is no draft."""
    ticket = await _lock_main_ticket(session, call_id, TicketState.DRAFT)
    if ticket is None:
        return False
    ticket.state = TicketState.DROPPED
    await _record_ticket_event(session, ticket.id, at=now, kind="dropped", author=author, facts={"reason": reason})
    return True


async def restore_draft(session: AsyncSession, *, call_id: str, reason: str, author: str, now: datetime) -> bool:
    """Restores a dropped draft of a call; False when there is none."""
    ticket = await _lock_main_ticket(session, call_id, TicketState.DROPPED)
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


async def _find_main_ticket(session: AsyncSession, call_id: str) -> int | None:
    found: int | None = await session.scalar(
        select(TicketCall.ticket_id).where(TicketCall.call_id == call_id, TicketCall.is_main)
    )
    return found


async def _insert_draft(session: AsyncSession, call_id: str, *, category: str | None, now: datetime) -> int:
    made = await session.scalar(
        insert(Ticket)
        .values(
            company_id=company_of_call(call_id),
            category=category,
            state=TicketState.DRAFT,
            description="",
            address="",
            created_at=now,
        )
        .returning(Ticket.id)
    )
    assert made is not None  # noqa: S101  (an insert always returns its row)
    return int(made)


async def _lock_main_ticket(session: AsyncSession, call_id: str, state: TicketState) -> Ticket | None:
    ticket: Ticket | None = await session.scalar(
        select(Ticket)
        .join(TicketCall, TicketCall.ticket_id == Ticket.id)
        .where(TicketCall.call_id == call_id, TicketCall.is_main, Ticket.state == state)
        .with_for_update(of=Ticket)
    )
    return ticket


async def _next_ordinal(session: AsyncSession, company_id: int, year: int) -> int:
    statement = insert(TicketCounter).values(company_id=company_id, year=year, last=1)
    ordinal = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=["company_id", "year"], set_={"last": TicketCounter.last + 1}
        ).returning(TicketCounter.last)
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

"""Queries about tickets. Read-only."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.tickets.models import Ticket, TicketCall, TicketClock, TicketEvent, TicketState

PAGE_SIZE = 50
_MIN_PHONE_DIGITS = 4
"""Minimum digits of a search by phone; fewer digits occur in nearly every phone number."""


@dataclass(frozen=True, slots=True)
class TicketFilters:
    """Filters of the list of tickets; None: any. By `created_at`: `since` <= t < `until`."""

    state: TicketState | None = None
    category: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    include_dropped: bool = False
    """Include dropped drafts. Ignored when `state` is set."""


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A row of the list. `due_at`: the nearest deadline still running."""

    ticket: Ticket
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class TicketPage:
    """`page` counts from 1; `pages` is at least 1."""

    rows: tuple[TicketRow, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class TicketCard:
    """One ticket with its clocks (nearest deadline first) and its history (in order of time)."""

    ticket: Ticket
    clocks: tuple[TicketClock, ...]
    events: tuple[TicketEvent, ...]


async def find_tickets(
    session: AsyncSession, company_id: int, filters: TicketFilters | None = None, *, search: str = "", page: int = 1
) -> TicketPage:
    """A page of a company's tickets, newest first. `search`: a ticket number (26-000123, or its end), a phone or a
    word.

    A page number out of range is clamped.
    """
    conditions = [Ticket.company_id == company_id, *_build_conditions(filters or TicketFilters(), search)]
    total = await session.scalar(select(func.count()).select_from(Ticket).where(*conditions)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, page), pages)
    due = (
        select(func.min(TicketClock.due_at))
        .where(TicketClock.ticket_id == Ticket.id, TicketClock.stopped_at.is_(None))
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Ticket, due)
        .where(*conditions)
        .order_by(Ticket.created_at.desc(), Ticket.id.desc())
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    )
    return TicketPage(tuple(TicketRow(*row) for row in rows), total, page, pages)


async def ticket_card(session: AsyncSession, company_id: int, ticket_id: int) -> TicketCard | None:
    """The ticket; None when it does not exist or belongs to another company."""
    ticket = await session.get(Ticket, ticket_id)
    if ticket is None or ticket.company_id != company_id:
        return None
    events = await session.scalars(
        select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.at, TicketEvent.id)
    )
    return TicketCard(ticket, tuple(await clocks_of(session, ticket_id)), tuple(events))


async def clocks_of(session: AsyncSession, ticket_id: int) -> Sequence[TicketClock]:
    """The ticket's clocks, nearest deadline first."""
    return (
        await session.scalars(
            select(TicketClock).where(TicketClock.ticket_id == ticket_id).order_by(TicketClock.due_at, TicketClock.kind)
        )
    ).all()


async def ticket_of_call(session: AsyncSession, call_id: str) -> Ticket | None:
    """The main ticket of a call; None when there is none."""
    return await session.scalar(
        select(Ticket)
        .join(TicketCall, TicketCall.ticket_id == Ticket.id)
        .where(TicketCall.call_id == call_id, TicketCall.is_main)
    )


async def first_call_of(session: AsyncSession, ticket_id: int) -> str | None:
    """The id of the first call that reported the ticket; None for a ticket without a call."""
    query = select(TicketCall.call_id).where(TicketCall.ticket_id == ticket_id).order_by(TicketCall.call_id).limit(1)
    call_id: str | None = await session.scalar(query)
    return call_id


async def tickets_of_calls(session: AsyncSession, call_ids: Sequence[str]) -> Mapping[str, Ticket]:
    """Call id -> main ticket; dropped drafts are left out."""
    if not call_ids:
        return {}
    rows = await session.execute(
        select(TicketCall.call_id, Ticket)
        .join(Ticket, Ticket.id == TicketCall.ticket_id)
        .where(TicketCall.call_id.in_(call_ids), TicketCall.is_main, Ticket.state != TicketState.DROPPED)
    )
    return {call_id: ticket for call_id, ticket in rows}


async def additional_tickets(session: AsyncSession, call_id: str) -> Sequence[Ticket]:
    """The additional tickets of a call, in the order in which they were opened."""
    query = (
        select(Ticket)
        .join(TicketCall, TicketCall.ticket_id == Ticket.id)
        .where(TicketCall.call_id == call_id, ~TicketCall.is_main)
        .order_by(Ticket.id)
    )
    return (await session.scalars(query)).all()


async def open_tickets(
    session: AsyncSession, company_id: int, *, phone: str | None, call_id: str, limit: int = 10
) -> Sequence[Ticket]:
    """A company's registered or assigned tickets reported from a phone number (E.164) or in a call, newest first."""
    reported: ColumnElement[bool] = Ticket.id.in_(select(TicketCall.ticket_id).where(TicketCall.call_id == call_id))
    if phone is not None:
        reported = or_(reported, Ticket.contact_phone == phone)
    query = (
        select(Ticket)
        .where(
            Ticket.company_id == company_id,
            reported,
            Ticket.state.in_((TicketState.REGISTERED, TicketState.ASSIGNED)),
        )
        .order_by(Ticket.registered_at.desc(), Ticket.id.desc())
    )
    return (await session.scalars(query.limit(limit))).all()


async def ticket_by_digits(session: AsyncSession, company_id: int, digits: str) -> Ticket | None:
    """A company's registered ticket by the digits that a caller keyed in: `26000123`, or the end without the year.

    Without a year the newest year with this number counts. None when there is none.
    """
    condition = _number_condition(re.sub(r"\D", "", digits))
    if condition is None:
        return None
    return await session.scalar(
        select(Ticket).where(condition, Ticket.company_id == company_id).order_by(Ticket.year.desc()).limit(1)
    )


async def count_registered(session: AsyncSession, *, since: datetime, until: datetime) -> dict[str, int]:
    """Number of tickets registered in `since` <= t < `until`, by login or `robot`."""
    rows = await session.execute(
        select(Ticket.registered_by, func.count())
        .where(Ticket.registered_at >= since, Ticket.registered_at < until)
        .group_by(Ticket.registered_by)
    )
    return {author or "": count for author, count in rows}


def _number_condition(digits: str) -> ColumnElement[bool] | None:
    """A ticket number has eight digits: two of the year and six of the ordinal."""
    if len(digits) == 8:
        return and_(Ticket.year % 100 == int(digits[:2]), Ticket.ordinal == int(digits[2:]))
    if 1 <= len(digits) <= 6:
        return Ticket.ordinal == int(digits)
    return None


def _is_empty_draft() -> ColumnElement[bool]:
    """A draft opened with its call that nobody has written anything into."""
    return and_(
        Ticket.state == TicketState.DRAFT,
        Ticket.category.is_(None),
        Ticket.contact_phone.is_(None),
        Ticket.description == "",
        Ticket.address == "",
    )


def _build_conditions(filters: TicketFilters, search: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.state is not None:
        conditions.append(Ticket.state == filters.state)
    elif not filters.include_dropped:
        conditions.append(Ticket.state != TicketState.DROPPED)
        conditions.append(not_(_is_empty_draft()))
    if filters.category is not None:
        conditions.append(Ticket.category == filters.category)
    if filters.since is not None:
        conditions.append(Ticket.created_at >= filters.since)
    if filters.until is not None:
        conditions.append(Ticket.created_at < filters.until)
    words = search.strip()
    if words:
        found = [
            column.icontains(words, autoescape=True)
            for column in (Ticket.category_name, Ticket.description, Ticket.address, Ticket.responsible)
        ]
        digits = re.sub(r"\D", "", words)
        number = _number_condition(digits)
        if number is not None:
            found.append(number)
        if len(digits) >= _MIN_PHONE_DIGITS:
            found.append(Ticket.contact_phone.contains(digits[-10:]))
        conditions.append(or_(*found))
    return conditions

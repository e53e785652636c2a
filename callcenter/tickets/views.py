"""What may be asked about tickets."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.tickets.models import Ticket, TicketClock, TicketEvent, TicketState

PAGE_SIZE = 50
_MIN_PHONE_DIGITS = 4
"""Fewer digits are in nearly every telephone number."""


@dataclass(frozen=True, slots=True)
class TicketFilters:
    """Which tickets; None means any. `since` and `until` are about `created_at`; `until` is not included."""

    state: TicketState | None = None
    category: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    include_dropped: bool = False
    """Also the drafts that were dropped; a `state` decides by itself."""


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A line of the list; `due_at` is the nearest clock still running."""

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
    """One ticket with its clocks (the nearest first) and its history (in order of time)."""

    ticket: Ticket
    clocks: tuple[TicketClock, ...]
    events: tuple[TicketEvent, ...]


async def find_tickets(
    session: AsyncSession, filters: TicketFilters | None = None, *, search: str = "", page: int = 1
) -> TicketPage:
    """A page of tickets, the newest first. `search`: a number (26-000123, or its end), a phone, or a word.

    A page out of range gives the nearest one.
    """
    conditions = _build_conditions(filters or TicketFilters(), search)
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


async def ticket_card(session: AsyncSession, ticket_id: int) -> TicketCard | None:
    ticket = await session.get(Ticket, ticket_id)
    if ticket is None:
        return None
    events = await session.scalars(
        select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.at, TicketEvent.id)
    )
    return TicketCard(ticket, tuple(await clocks_of(session, ticket_id)), tuple(events))


async def clocks_of(session: AsyncSession, ticket_id: int) -> Sequence[TicketClock]:
    """The ticket's clocks, the nearest first."""
    return (
        await session.scalars(
            select(TicketClock).where(TicketClock.ticket_id == ticket_id).order_by(TicketClock.due_at, TicketClock.kind)
        )
    ).all()


async def ticket_of_call(session: AsyncSession, call_id: str) -> Ticket | None:
    return await session.scalar(select(Ticket).where(Ticket.call_id == call_id))


async def tickets_beside(session: AsyncSession, call_id: str) -> Sequence[Ticket]:
    """The tickets reported in a call beside its own, in their order."""
    return (await session.scalars(select(Ticket).where(Ticket.beside_call_id == call_id).order_by(Ticket.id))).all()


async def open_tickets(session: AsyncSession, *, phone: str | None, call_id: str, limit: int = 10) -> Sequence[Ticket]:
    """The registered tickets not finished yet reported from a telephone (E.164) or in a call, the newest first."""
    theirs = or_(Ticket.call_id == call_id, Ticket.beside_call_id == call_id)
    if phone is not None:
        theirs = or_(theirs, Ticket.contact_phone == phone)
    query = (
        select(Ticket)
        .where(theirs, Ticket.state.in_((TicketState.REGISTERED, TicketState.ASSIGNED)))
        .order_by(Ticket.registered_at.desc(), Ticket.id.desc())
    )
    return (await session.scalars(query.limit(limit))).all()


async def ticket_by_digits(session: AsyncSession, digits: str) -> Ticket | None:
    """The registered ticket whose number a caller typed by keys: `26000123`, or the end without the year.

    Without a year the newest year that has this number is meant. None when there is none.
    """
    condition = _number_condition(re.sub(r"\D", "", digits))
    if condition is None:
        return None
    return await session.scalar(select(Ticket).where(condition).order_by(Ticket.year.desc()).limit(1))


async def count_registered(session: AsyncSession, *, since: datetime, until: datetime) -> dict[str, int]:
    """The tickets registered from `since` until before `until`, by who registered them."""
    rows = await session.execute(
        select(Ticket.registered_by, func.count())
        .where(Ticket.registered_at >= since, Ticket.registered_at < until)
        .group_by(Ticket.registered_by)
    )
    return {author or "": count for author, count in rows}


def _number_condition(digits: str) -> ColumnElement[bool] | None:
    """A number has eight digits: two of the year and six of its place in the year."""
    if len(digits) == 8:
        return and_(Ticket.year % 100 == int(digits[:2]), Ticket.ordinal == int(digits[2:]))
    if 1 <= len(digits) <= 6:
        return Ticket.ordinal == int(digits)
    return None


def _build_conditions(filters: TicketFilters, search: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.state is not None:
        conditions.append(Ticket.state == filters.state)
    elif not filters.include_dropped:
        conditions.append(Ticket.state != TicketState.DROPPED)
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

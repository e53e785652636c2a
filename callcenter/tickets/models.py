"""Tables of tickets: the ticket, its calls, its clocks (deadlines) and its append-only history."""

from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, column_property, mapped_column

from callcenter.core.columns import enum_column
from callcenter.core.database import Base, Facts, Moment, RowId


class TicketState(StrEnum):
    DRAFT = "draft"
    """Opened when the call arrives; has no number yet."""
    REGISTERED = "registered"
    ASSIGNED = "assigned"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    DROPPED = "dropped"
    """A draft whose call needed no ticket; the reason is in its history."""


class TicketCall(Base):
    """Link between a ticket and a call that reported it. A call has one main ticket, opened as a draft on arrival, and
    an additional ticket for each further problem."""

    __tablename__ = "ticket_call"
    __table_args__ = (
        Index("uq_ticket_call_main", "call_id", unique=True, postgresql_where=text("is_main")),
        Index(None, "call_id"),
    )

    ticket_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ticket.id"), primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), primary_key=True)
    is_main: Mapped[bool] = mapped_column(Boolean)


class Ticket(Base):
    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("company_id", "year", "ordinal"),
        Index(None, "company_id", "state", "created_at"),
        Index(None, "contact_phone"),
    )

    id: Mapped[RowId] = mapped_column()
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    call_id: Mapped[str | None] = column_property(
        select(TicketCall.call_id)
        .where(TicketCall.ticket_id == id)
        .order_by(TicketCall.call_id)
        .limit(1)
        .correlate_except(TicketCall)
        .scalar_subquery()
    )
    """The first call that reported the ticket (`TicketCall`), read-only; None for a ticket without a call."""
    state: Mapped[TicketState] = mapped_column(enum_column(TicketState, length=12), default=TicketState.DRAFT)
    year: Mapped[int | None] = mapped_column(Integer)
    """Year of registration in the company's time zone. With `ordinal` it forms the number: 26-000123."""
    ordinal: Mapped[int | None] = mapped_column(Integer)
    category: Mapped[str | None] = mapped_column(String(40))
    category_name: Mapped[str | None] = mapped_column(Text)
    urgency: Mapped[str | None] = mapped_column(String(20))
    responsible: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text, default="")
    contact_phone: Mapped[str | None] = mapped_column(String(20))
    created_at: Mapped[Moment]
    registered_at: Mapped[Moment | None]
    registered_by: Mapped[str | None] = mapped_column(String(60))
    """A dispatcher's login, or `robot`."""

    @property
    def number(self) -> str | None:
        """The public number, e.g. `26-000123`; None for a draft."""
        if self.year is None or self.ordinal is None:
            return None
        return f"{self.year % 100:02d}-{self.ordinal:06d}"


class TicketClock(Base):
    """One deadline of a ticket, set by law or agreement. `basis` names the source."""

    __tablename__ = "ticket_clock"
    __table_args__ = (UniqueConstraint("ticket_id", "kind"), Index(None, "due_at"))

    id: Mapped[RowId]
    ticket_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ticket.id"))
    kind: Mapped[str] = mapped_column(String(20))
    starts_at: Mapped[Moment]
    due_at: Mapped[Moment]
    stopped_at: Mapped[Moment | None]
    basis: Mapped[str] = mapped_column(Text)


class TicketEvent(Base):
    """One entry of a ticket's history; append-only."""

    __tablename__ = "ticket_event"
    __table_args__ = (Index(None, "ticket_id", "at"),)

    id: Mapped[RowId]
    ticket_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ticket.id"))
    at: Mapped[Moment]
    kind: Mapped[str] = mapped_column(String(40))
    author: Mapped[str] = mapped_column(String(60))
    facts: Mapped[Facts] = mapped_column(default=dict)


class TicketCounter(Base):
    """The last ticket number of a company and year. Taking a number locks the row until commit, so numbers have no
    gaps."""

    __tablename__ = "ticket_counter"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(Integer)

"""The table of callbacks: calls that must be returned."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.core.columns import enum_column
from callcenter.core.database import Base, Moment, RowId


class CallbackKind(StrEnum):
    """Why the caller must be called back."""

    CALLBACK = "callback"
    """The caller pressed 1 in the queue."""
    VOICEMAIL = "voicemail"
    ABANDONED = "abandoned"
    OVERFLOW = "overflow"
    PROMISE = "promise"
    """The robot could not open a ticket (no database) and promised a call."""
    LOST = "lost"
    """Asterisk broke down during the call."""


class CallbackState(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"


class Callback(Base):
    """The callback of a call; at most one per call. Its term runs from the arrival of the call (`terms.py`)."""

    __tablename__ = "callback"
    __table_args__ = (Index(None, "company_id", "state", "due_at"),)

    id: Mapped[RowId]
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), unique=True)
    kind: Mapped[CallbackKind] = mapped_column(enum_column(CallbackKind, length=12))
    state: Mapped[CallbackState] = mapped_column(enum_column(CallbackState, length=8), default=CallbackState.OPEN)
    phone: Mapped[str | None] = mapped_column(String(20))
    owner: Mapped[str] = mapped_column(String(60))
    """Login of the dispatcher who took or finished the callback, or `shift`: any dispatcher on duty."""
    created_at: Mapped[Moment]
    due_at: Mapped[Moment]
    warned_at: Mapped[Moment | None]
    """When the alarm that the term is near was raised."""
    taken_at: Mapped[Moment | None]
    done_at: Mapped[Moment | None]
    result: Mapped[str | None] = mapped_column(Text)
    """What came out of the callback, or why it was withdrawn; for people."""

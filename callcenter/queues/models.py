"""Queue members as Asterisk sees them, and the calls that must be made back."""

from enum import StrEnum

from sqlalchemy import Boolean, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.core.columns import enum_column
from callcenter.core.database import Base, Moment, RowId


class MemberState(StrEnum):
    ABSENT = "absent"
    FREE = "free"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


class Member(Base):
    """A dispatcher's phone in the queue: display only, written by the controller from AMI."""

    __tablename__ = "member"

    interface: Mapped[str] = mapped_column(String(80), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    extension: Mapped[str] = mapped_column(String(20))
    state: Mapped[MemberState] = mapped_column(enum_column(MemberState, length=12), default=MemberState.ABSENT)
    pause_reason: Mapped[str | None] = mapped_column(String(100))
    since: Mapped[Moment]


class MemberStateInterval(Base):
    """A while that a member spent in one state, written when it ends; the present one stands in `member`.

    What happened while no controller watched counts as the state before it.
    """

    __tablename__ = "member_stretch"
    __table_args__ = (Index(None, "ended_at"),)

    id: Mapped[RowId]
    interface: Mapped[str] = mapped_column(ForeignKey("member.interface"))
    state: Mapped[MemberState] = mapped_column(enum_column(MemberState, length=12))
    began_at: Mapped[Moment]
    ended_at: Mapped[Moment]


class MemberRequest(Base):
    """A dispatcher's wish about a member, carried out by the controller through AMI."""

    __tablename__ = "member_request"

    id: Mapped[RowId]
    interface: Mapped[str] = mapped_column(ForeignKey("member.interface"))
    paused: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str] = mapped_column(String(100), default="")
    author: Mapped[str] = mapped_column(String(60))
    asked_at: Mapped[Moment]
    done_at: Mapped[Moment | None]
    failure: Mapped[str | None] = mapped_column(Text)


class TaskKind(StrEnum):
    CALLBACK = "callback"
    """The caller pressed 1 in the queue."""
    VOICEMAIL = "voicemail"
    ABANDONED = "abandoned"
    OVERFLOW = "overflow"
    PROMISE = "promise"
    """The robot could not open a ticket (no database) and promised a call."""
    LOST = "lost"
    """Asterisk broke down in the middle of the call."""


class TaskState(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"


class Task(Base):
    """A call to be made back, due 10 minutes after the call's arrival (ПП РФ 416, п. 13). One a call."""

    __tablename__ = "task"
    __table_args__ = (Index(None, "state", "due_at"),)

    id: Mapped[RowId]
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), unique=True)
    kind: Mapped[TaskKind] = mapped_column(enum_column(TaskKind, length=12))
    state: Mapped[TaskState] = mapped_column(enum_column(TaskState, length=8), default=TaskState.OPEN)
    phone: Mapped[str | None] = mapped_column(String(20))
    owner: Mapped[str] = mapped_column(String(60))
    """A login, or `shift`: whoever is on duty."""
    created_at: Mapped[Moment]
    due_at: Mapped[Moment]
    warned_at: Mapped[Moment | None]
    taken_at: Mapped[Moment | None]
    done_at: Mapped[Moment | None]
    result: Mapped[str | None] = mapped_column(Text)

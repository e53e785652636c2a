"""Tables of queue members as Asterisk reports them, their state intervals and requests to pause them."""

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
    """A dispatcher's phone as a queue member. A copy of Asterisk's state, written by the controller from AMI."""

    __tablename__ = "member"

    interface: Mapped[str] = mapped_column(String(80), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    extension: Mapped[str] = mapped_column(String(20))
    state: Mapped[MemberState] = mapped_column(enum_column(MemberState, length=12), default=MemberState.ABSENT)
    pause_reason: Mapped[str | None] = mapped_column(String(100))
    since: Mapped[Moment]
    """When the member entered the present state."""


class MemberStateInterval(Base):
    """An interval that a member spent in one state, written when it ends. The present state is in `Member`.

    Time without a running controller counts as the last state seen before.
    """

    __tablename__ = "member_state_interval"
    __table_args__ = (Index(None, "ended_at"),)

    id: Mapped[RowId]
    interface: Mapped[str] = mapped_column(ForeignKey("member.interface"))
    state: Mapped[MemberState] = mapped_column(enum_column(MemberState, length=12))
    began_at: Mapped[Moment]
    ended_at: Mapped[Moment]


class MemberRequest(Base):
    """A dispatcher's request to pause a member or to end a pause; the controller executes it through AMI."""

    __tablename__ = "member_request"

    id: Mapped[RowId]
    interface: Mapped[str] = mapped_column(ForeignKey("member.interface"))
    paused: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str] = mapped_column(String(100), default="")
    author: Mapped[str] = mapped_column(String(60))
    asked_at: Mapped[Moment]
    done_at: Mapped[Moment | None]
    failure: Mapped[str | None] = mapped_column(Text)

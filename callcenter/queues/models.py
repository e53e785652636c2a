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

    __tablename__ = "member_state_interval"
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

"""Tables of call records: the call, its timeline, legs, transcript and recording."""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Identity, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.core.columns import enum_column
from callcenter.core.database import Base, Facts, Moment, RowId


class CallState(StrEnum):
    IVR = "ivr"
    QUEUED = "queued"
    TALKING = "talking"
    ENDED = "ended"


class Outcome(StrEnum):
    """How a call ended. `Call.outcome` is None until the call is settled."""

    ROBOT = "robot"
    """The robot served the caller: an answer, a ticket, a status."""
    TALKED = "talked"
    """A dispatcher talked with the caller."""
    ABANDONED = "abandoned"
    """The caller hung up in the queue, or in the IVR before the robot had served them."""
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    """The caller asked for a callback."""
    OVERFLOW = "overflow"
    """All lines were busy."""


class Call(Base):
    """One inbound call.

    `id` is the uniqueid of the caller's channel in Asterisk. It is also the linkedid, the ARI channel id, the call id
    in queue_log and the stem of the raw recording's file name.
    """

    __tablename__ = "call"
    __table_args__ = (
        Index(None, "company_id", "arrived_at"),
        Index(None, "arrived_at"),
        Index(None, "caller_number"),
        Index("ix_call_unsettled", "state", "ended_at", postgresql_where=text("outcome IS NULL")),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    """The company whose number was dialed."""
    caller_number: Mapped[str | None] = mapped_column(String(20))
    """E.164; None when withheld or not a number."""
    caller_shown: Mapped[str] = mapped_column(String(80), default="")
    """Caller number as received from the trunk."""
    dialled: Mapped[str] = mapped_column(String(40), default="")
    state: Mapped[CallState] = mapped_column(enum_column(CallState, length=12), default=CallState.IVR)
    outcome: Mapped[Outcome | None] = mapped_column(enum_column(Outcome, length=12))
    danger: Mapped[str | None] = mapped_column(String(60))
    """Category code of a danger that the caller reported; None: none."""
    arrived_at: Mapped[Moment]
    answered_at: Mapped[Moment | None]
    queued_at: Mapped[Moment | None]
    connected_at: Mapped[Moment | None]
    """When a dispatcher and the caller were first bridged."""
    ended_at: Mapped[Moment | None]
    member: Mapped[str | None] = mapped_column(String(80))
    """Interface of the queue member who answered, e.g. `PJSIP/d-4f1a`."""
    hangup_cause: Mapped[int | None]


class EventSource(StrEnum):
    ROBOT = "robot"
    CEL = "cel"
    QUEUE_LOG = "queue_log"
    CENTRE = "centre"


class CallEvent(Base):
    """One line of a call's timeline; append-only. `key` is unique within the call and prevents duplicates."""

    __tablename__ = "call_event"
    __table_args__ = (
        UniqueConstraint("call_id", "key"),
        Index(None, "call_id", "at"),
        # Rare kinds that the metrics count; a partial index keeps this cheap.
        Index("ix_call_event_trouble", "at", postgresql_where=text("kind IN ('lease_end', 'lost')")),
    )

    id: Mapped[RowId]
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    at: Mapped[Moment]
    source: Mapped[EventSource] = mapped_column(enum_column(EventSource, length=12))
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(120))
    facts: Mapped[Facts] = mapped_column(default=dict)


class LegRole(StrEnum):
    CALLER = "caller"
    MEMBER = "member"


class CallLeg(Base):
    __tablename__ = "call_leg"
    __table_args__ = (UniqueConstraint("call_id", "channel_id"),)

    id: Mapped[RowId]
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    channel_id: Mapped[str] = mapped_column(String(80))
    channel_name: Mapped[str] = mapped_column(String(120))
    role: Mapped[LegRole] = mapped_column(enum_column(LegRole, length=10))
    started_at: Mapped[Moment]
    answered_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]
    hangup_cause: Mapped[int | None]


class Speaker(StrEnum):
    """The speaker of an utterance. MEMBER: a dispatcher."""

    CALLER = "caller"
    MEMBER = "member"


FOLDED = "translate(text, 'ёЁ<>', 'еЕ  ')"
"""SQL: an utterance's text normalized for search: ё becomes е, angle brackets (tags) become spaces. The length
stays."""
DOCUMENT = f"to_tsvector('russian'::regconfig, {FOLDED})"
"""SQL expression of the full-text index; a query must use this same expression for PostgreSQL to use the index."""


class Utterance(Base):
    """One recognized utterance; or, with `fault`, the moment from which recognition failed.

    Removed with the recording at the end of its retention.
    """

    __tablename__ = "utterance"
    __table_args__ = (
        Index(None, "call_id", "at"),
        Index("ix_utterance_document", text(DOCUMENT), postgresql_using="gin"),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    """The id of its note, so that applying the note twice creates one row."""
    sequence: Mapped[int] = mapped_column(BigInteger, Identity())
    """Grows in commit order, because notes are applied one batch at a time. An open page requests the rows after its
    last one."""
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    speaker: Mapped[Speaker] = mapped_column(enum_column(Speaker, length=10))
    at: Mapped[Moment]
    """Start of the utterance."""
    text: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[list[list[Any]]] = mapped_column(JSONB, default=list)
    """[[word, begin, end, confidence], …]; times in seconds from `at`."""
    fault: Mapped[str | None] = mapped_column(Text)


class RecordingState(StrEnum):
    PENDING = "pending"
    FILED = "filed"
    MISSING = "missing"
    SHORT = "short"
    """Filed, but too much of the call is missing (limits in `recordings/filing.py`)."""
    SILENT = "silent"
    """Filed, but the channel of the robot and the dispatcher is silent."""
    EXPIRED = "expired"
    """Removed at the end of its retention."""


class Recording(Base):
    """The recording of a call: stereo, caller left, robot and dispatcher right."""

    __tablename__ = "recording"
    __table_args__ = (Index("ix_recording_pending", "call_id", postgresql_where=text("state = 'pending'")),)

    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), primary_key=True)
    state: Mapped[RecordingState] = mapped_column(
        enum_column(RecordingState, length=10), default=RecordingState.PENDING
    )
    path: Mapped[str | None] = mapped_column(Text)
    """Relative to the recordings directory, with forward slashes."""
    seconds: Mapped[float | None] = mapped_column(Float)
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    gaps: Mapped[list[dict[str, float]]] = mapped_column(JSONB, default=list)
    """Parts that could not be recorded and were padded with silence, in seconds: [{"at": 12.3, "seconds": 4.0}]."""
    filed_at: Mapped[Moment | None]
    fault: Mapped[str | None] = mapped_column(Text)

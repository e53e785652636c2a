"""The record of a call: who, when, what happened, and where the recording lies."""

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
    """How a call ended; None while it lasts."""

    ROBOT = "robot"
    """The robot served the caller: an answer, a ticket, a status."""
    TALKED = "talked"
    """A dispatcher talked with the caller."""
    ABANDONED = "abandoned"
    """The caller hung up in the queue or before anything was settled in the IVR."""
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    OVERFLOW = "overflow"
    """All lines were busy."""


class Call(Base):
    """One inbound call. `id` is the uniqueid of the caller's channel in Asterisk: also its linkedid, the ARI
    channel id, the call id of queue_log and the stem of the raw recording's name."""

    __tablename__ = "call"
    __table_args__ = (
        Index(None, "company_id", "arrived_at"),
        Index(None, "arrived_at"),
        Index(None, "caller_number"),
        Index("ix_call_unsettled", "state", "ended_at", postgresql_where=text("outcome IS NULL")),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    """Chosen by `dialled`."""
    caller_number: Mapped[str | None] = mapped_column(String(20))
    """E.164; None when withheld or not a number."""
    caller_shown: Mapped[str] = mapped_column(String(80), default="")
    """As the trunk gave it."""
    dialled: Mapped[str] = mapped_column(String(40), default="")
    state: Mapped[CallState] = mapped_column(enum_column(CallState, length=12), default=CallState.IVR)
    outcome: Mapped[Outcome | None] = mapped_column(enum_column(Outcome, length=12))
    danger: Mapped[str | None] = mapped_column(String(60))
    """The category code of a danger named in the call."""
    arrived_at: Mapped[Moment]
    answered_at: Mapped[Moment | None]
    queued_at: Mapped[Moment | None]
    connected_at: Mapped[Moment | None]
    """A dispatcher and the caller first heard each other."""
    ended_at: Mapped[Moment | None]
    member: Mapped[str | None] = mapped_column(String(80))
    """The queue member that talked, e.g. `PJSIP/d-4f1a`."""
    hangup_cause: Mapped[int | None]


class EventSource(StrEnum):
    ROBOT = "robot"
    CEL = "cel"
    QUEUE_LOG = "queue_log"
    CENTRE = "centre"


class CallEvent(Base):
    """One line of a call's timeline; append-only. `key` makes it unique: nothing counts twice."""

    __tablename__ = "call_event"
    __table_args__ = (
        UniqueConstraint("call_id", "key"),
        Index(None, "call_id", "at"),
        # Few among very many; they are counted for whoever watches the centre.
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
    """Whose words they are."""

    CALLER = "caller"
    MEMBER = "member"


FOLDED = "translate(text, 'ёЁ<>', 'еЕ  ')"
"""An utterance's text as it is searched, letter for letter as long as it is: ё is е, and nothing is a tag."""
DOCUMENT = f"to_tsvector('russian'::regconfig, {FOLDED})"
"""What the index over all transcripts holds; a search must say it in the same words to be served by it."""


class Utterance(Base):
    """What somebody said in one go, as the ear understood it; or with `fault` the moment from which it heard nothing.

    Removed with the recording at the end of its retention.
    """

    __tablename__ = "utterance"
    __table_args__ = (
        Index(None, "call_id", "at"),
        Index("ix_utterance_document", text(DOCUMENT), postgresql_using="gin"),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    """Of the note it came with: applying it twice makes one row."""
    sequence: Mapped[int] = mapped_column(BigInteger, Identity())
    """Grows in the order in which lines are committed (notes are applied one batch at a time): an open page asks for
    what came after the last line it has."""
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    speaker: Mapped[Speaker] = mapped_column(enum_column(Speaker, length=10))
    at: Mapped[Moment]
    """When it began."""
    text: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[list[list[Any]]] = mapped_column(JSONB, default=list)
    """[[word, begin, end, confidence], …], in seconds from `at`."""
    fault: Mapped[str | None] = mapped_column(Text)


class RecordingState(StrEnum):
    PENDING = "pending"
    FILED = "filed"
    MISSING = "missing"
    SHORT = "short"
    SILENT = "silent"
    EXPIRED = "expired"
    """Removed at the end of its retention."""


class Recording(Base):
    """The one recording of a call: two channels, caller left, our side right."""

    __tablename__ = "recording"
    __table_args__ = (Index("ix_recording_pending", "call_id", postgresql_where=text("state = 'pending'")),)

    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), primary_key=True)
    state: Mapped[RecordingState] = mapped_column(
        enum_column(RecordingState, length=10), default=RecordingState.PENDING
    )
    path: Mapped[str | None] = mapped_column(Text)
    """Below `recordings/`, with forward slashes."""
    seconds: Mapped[float | None] = mapped_column(Float)
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    gaps: Mapped[list[dict[str, float]]] = mapped_column(JSONB, default=list)
    """Seconds that could not be recorded and were padded: [{"at": 12.3, "seconds": 4.0}]."""
    filed_at: Mapped[Moment | None]
    fault: Mapped[str | None] = mapped_column(Text)

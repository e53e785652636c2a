"""The table of alarms: problems that the board shows in red until they are cleared."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.core.columns import enum_column
from callcenter.core.database import Base, Facts, Moment, RowId


class AlarmKind(StrEnum):
    DANGER = "danger"
    CALLBACK_DUE = "callback_due"
    TICKET_OVERDUE = "ticket_overdue"
    RECORDING = "recording"
    DISK = "disk"
    SCRIPT = "script"
    TELEPHONY = "telephony"
    JOURNAL = "journal"
    PROOF = "proof"
    """A day whose calls, recordings and tickets do not match (`reporting/verification.py`)."""


class Alarm(Base):
    """One problem. At most one alarm per (kind, subject) is open, that is, not cleared."""

    __tablename__ = "alarm"
    __table_args__ = (
        Index("uq_alarm_open", "kind", "subject", unique=True, postgresql_where=text("cleared_at IS NULL")),
    )

    id: Mapped[RowId]
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    """The company that sees the alarm; None: it concerns the installation, and every company sees it."""
    kind: Mapped[AlarmKind] = mapped_column(enum_column(AlarmKind, length=20))
    subject: Mapped[str] = mapped_column(String(200))
    """The object of the alarm: a call id, a file, a disk."""
    message: Mapped[str] = mapped_column(Text)
    """Text for the dispatcher, in Russian."""
    raised_at: Mapped[Moment]
    seen_at: Mapped[Moment | None]
    seen_by: Mapped[str | None] = mapped_column(String(100))
    cleared_at: Mapped[Moment | None]
    facts: Mapped[Facts] = mapped_column(default=dict)

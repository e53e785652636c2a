"""The table of meter readings reported by residents."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.core.columns import enum_column
from callcenter.core.database import Base, Moment, RowId


class MeterKind(StrEnum):
    """What a meter measures. For two meters of a kind in one flat, the resident reports their sum or talks to a
    person."""

    COLD = "cold"
    HOT = "hot"
    ELECTRICITY = "electricity"


class MeterReading(Base):
    """One reading; append-only. The newest reading of an account and kind is in force."""

    __tablename__ = "meter_reading"
    __table_args__ = (Index(None, "company_id", "account", "kind", "taken_at"),)

    id: Mapped[RowId]
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    account: Mapped[str] = mapped_column(String(20))
    """Number of the personal account: digits only, with leading zeros."""
    kind: Mapped[MeterKind] = mapped_column(enum_column(MeterKind, length=12))
    value: Mapped[int] = mapped_column(Integer)
    """Whole cubic meters or kilowatt-hours, without the fraction."""
    taken_at: Mapped[Moment]
    call_id: Mapped[str | None] = mapped_column(ForeignKey("call.id"))
    doubt: Mapped[str | None] = mapped_column(String(20))
    """Why the bookkeeper should check the reading (a `ReadingDoubt`); None: the reading is plausible."""

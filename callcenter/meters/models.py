"""Readings of residents' own meters, as they were told to us."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.core.columns import enum_column
from callcenter.core.database import Base, Moment, RowId


class MeterKind(StrEnum):
    """What a meter counts. A flat with two meters of a kind tells their sum or tells them to a person."""

    COLD = "cold"
    HOT = "hot"
    ELECTRICITY = "electricity"


class MeterReading(Base):
    """One reading; append-only. The last one of an account and a kind is in force."""

    __tablename__ = "meter_reading"
    __table_args__ = (Index(None, "company_id", "account", "kind", "taken_at"),)

    id: Mapped[RowId]
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    account: Mapped[str] = mapped_column(String(20))
    """The personal account, digits only, leading zeros kept."""
    kind: Mapped[MeterKind] = mapped_column(enum_column(MeterKind, length=12))
    value: Mapped[int] = mapped_column(Integer)
    """Whole cubic metres or kilowatt-hours: what stands before the comma."""
    taken_at: Mapped[Moment]
    call_id: Mapped[str | None] = mapped_column(ForeignKey("call.id"))
    doubt: Mapped[str | None] = mapped_column(String(20))
    """Why the book-keeper should look at it (a `Doubt`); None: nothing is odd."""

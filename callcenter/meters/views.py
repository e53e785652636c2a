"""Queries about meter readings. Read-only."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.meters.models import MeterKind, MeterReading


async def last_reading(
    session: AsyncSession, company_id: int, account: str, kind: MeterKind, *, except_call: str | None = None
) -> MeterReading | None:
    """The newest reading of an account and kind in a company; None when there is none.

    `except_call`: leave out readings of this call, so that a corrected reading is not compared with the wrong one.
    """
    query = select(MeterReading).where(
        MeterReading.company_id == company_id,
        MeterReading.account == account,
        MeterReading.kind == kind,
    )
    if except_call is not None:
        query = query.where(MeterReading.call_id.is_distinct_from(except_call))
    found: MeterReading | None = await session.scalar(
        query.order_by(MeterReading.taken_at.desc(), MeterReading.id.desc()).limit(1)
    )
    return found


async def newest_readings(session: AsyncSession, company_id: int, *, limit: int = 100) -> Sequence[MeterReading]:
    """A company's newest readings, newest first."""
    query = (
        select(MeterReading)
        .where(MeterReading.company_id == company_id)
        .order_by(MeterReading.taken_at.desc(), MeterReading.id.desc())
        .limit(limit)
    )
    return (await session.scalars(query)).all()

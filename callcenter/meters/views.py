"""What may be asked about readings."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.meters.models import MeterKind, MeterReading


async def last_reading(
    session: AsyncSession, company_id: int, account: str, kind: MeterKind, *, except_call: str | None = None
) -> MeterReading | None:
    """The reading in force of a company's account.

    `except_call`: readings of this call are left out, so that a slip of the tongue is not compared with itself.
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
    """A company's readings, the newest first."""
    query = (
        select(MeterReading)
        .where(MeterReading.company_id == company_id)
        .order_by(MeterReading.taken_at.desc(), MeterReading.id.desc())
        .limit(limit)
    )
    return (await session.scalars(query)).all()

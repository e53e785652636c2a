"""What may be asked about readings."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.meters.models import MeterKind, MeterReading


async def last_reading(
    session: AsyncSession, account: str, kind: MeterKind, *, except_call: str | None = None
) -> MeterReading | None:
    """The reading in force; `except_call`: the one before that call, so that a slip in it is no yardstick."""
    query = select(MeterReading).where(MeterReading.account == account, MeterReading.kind == kind)
    if except_call is not None:
        query = query.where(MeterReading.call_id.is_distinct_from(except_call))
    found: MeterReading | None = await session.scalar(
        query.order_by(MeterReading.taken_at.desc(), MeterReading.id.desc()).limit(1)
    )
    return found


async def newest_readings(session: AsyncSession, *, limit: int = 100) -> Sequence[MeterReading]:
    """The newest first."""
    query = select(MeterReading).order_by(MeterReading.taken_at.desc(), MeterReading.id.desc()).limit(limit)
    return (await session.scalars(query)).all()

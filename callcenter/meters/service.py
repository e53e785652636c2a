"""Stores meter readings. Nothing here commits."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.companies.service import company_of_call
from callcenter.core.database import notify
from callcenter.meters.models import MeterKind, MeterReading
from callcenter.meters.plausible import find_doubt
from callcenter.meters.views import last_reading


async def take_reading(
    session: AsyncSession, *, account: str, kind: MeterKind, value: int, call_id: str, now: datetime
) -> MeterReading:
    """Stores a reading, with its doubt if it is implausible.

    A repeated reading in the same call adds a row, and the newest row is in force. Its doubt is computed against the
    last reading of earlier calls.
    """
    company_id = (await session.execute(select(company_of_call(call_id)))).scalar_one()
    previous = await last_reading(session, company_id, account, kind, except_call=call_id)
    reading = MeterReading(
        company_id=company_id,
        account=account,
        kind=kind,
        value=value,
        taken_at=now,
        call_id=call_id,
        doubt=find_doubt(kind, value, previous, now=now),
    )
    session.add(reading)
    await session.flush()
    await notify(session, "meter", reading.id)
    return reading

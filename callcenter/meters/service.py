"""Taking readings. Nothing here commits."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.core.database import notify
from callcenter.meters.models import MeterKind, MeterReading
from callcenter.meters.plausible import find_doubt
from callcenter.meters.views import last_reading


async def take_reading(
    session: AsyncSession, *, account: str, kind: MeterKind, value: int, call_id: str | None, now: datetime
) -> MeterReading:
    """Writes a reading down, with what is odd about it. One told again in the same call replaces nothing: it is the
    newer one, and the newest is in force."""
    doubt = find_doubt(kind, value, await last_reading(session, account, kind, except_call=call_id), now=now)
    reading = MeterReading(account=account, kind=kind, value=value, taken_at=now, call_id=call_id, doubt=doubt)
    session.add(reading)
    await session.flush()
    await notify(session, "meter", reading.id)
    return reading

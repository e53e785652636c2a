"""What may be asked about alarms."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import Alarm


async def open_alarms(session: AsyncSession) -> Sequence[Alarm]:
    """Everything on the board: unseen first, then the newest first."""
    return (
        await session.scalars(
            select(Alarm)
            .where(Alarm.cleared_at.is_(None))
            .order_by(Alarm.seen_at.is_not(None), Alarm.raised_at.desc(), Alarm.id.desc())
        )
    ).all()


async def one_alarm(session: AsyncSession, alarm_id: int) -> Alarm | None:
    return await session.get(Alarm, alarm_id)

"""Queries about alarms. Read-only."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import Alarm, AlarmKind


def is_visible_to(company_id: int) -> ColumnElement[bool]:
    """An SQL condition: alarms of the company and of the installation."""
    return or_(Alarm.company_id == company_id, Alarm.company_id.is_(None))


async def open_alarms(session: AsyncSession, company_id: int) -> Sequence[Alarm]:
    """The open alarms that a company sees: unacknowledged first, then newest first."""
    return (
        await session.scalars(
            select(Alarm)
            .where(Alarm.cleared_at.is_(None), is_visible_to(company_id))
            .order_by(Alarm.seen_at.is_not(None), Alarm.raised_at.desc(), Alarm.id.desc())
        )
    ).all()


async def stands_open(session: AsyncSession, kind: AlarmKind) -> bool:
    """Whether an alarm of this kind is open, in any company."""
    query = select(exists().where(Alarm.kind == kind, Alarm.cleared_at.is_(None)))
    return bool(await session.scalar(query))


async def one_alarm(session: AsyncSession, alarm_id: int) -> Alarm | None:
    return await session.get(Alarm, alarm_id)

"""Raises, acknowledges and clears alarms. Nothing here commits."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.errors import AlarmNotFound
from callcenter.alarms.models import Alarm, AlarmKind
from callcenter.alarms.views import is_visible_to
from callcenter.core.database import notify

PASSING = frozenset({AlarmKind.DANGER, AlarmKind.TICKET_OVERDUE, AlarmKind.RECORDING, AlarmKind.JOURNAL})
"""Kinds that report an event: acknowledging clears the alarm. Other kinds report a state and are cleared when it
ends."""


async def raise_alarm(
    session: AsyncSession,
    *,
    kind: AlarmKind,
    subject: str,
    message: str,
    now: datetime,
    facts: dict[str, Any] | None = None,
    company_id: int | None = None,
) -> bool:
    """Raises an alarm unless one is open for this kind and subject; True when it is new. `message` is Russian.

    `company_id`: the company that sees the alarm; None: it concerns the installation, and every company sees it.
    """
    made = await session.scalar(
        insert(Alarm)
        .values(
            company_id=company_id,
            kind=kind,
            subject=subject[:200],
            message=message,
            raised_at=now,
            facts=facts or {},
        )
        .on_conflict_do_nothing(index_elements=["kind", "subject"], index_where=text("cleared_at IS NULL"))
        .returning(Alarm.id)
    )
    if made is None:
        return False
    await notify(session, "alarm", made)
    return True


async def clear_alarm(session: AsyncSession, *, kind: AlarmKind, subject: str, now: datetime) -> bool:
    """Clears the open alarm of this kind and subject; False when there is none."""
    cleared = await session.scalar(
        update(Alarm)
        .where(Alarm.kind == kind, Alarm.subject == subject[:200], Alarm.cleared_at.is_(None))
        .values(cleared_at=now)
        .returning(Alarm.id)
    )
    if cleared is None:
        return False
    await notify(session, "alarm", cleared)
    return True


async def mark_seen(
    session: AsyncSession, alarm_id: int, *, company_id: int, by: str, now: datetime, newest_id: int | None = None
) -> Alarm:
    """Marks an alarm as seen; the first person to do so is kept. An alarm about a single event is cleared by this.

    `newest_id`: also marks the equal alarms (same kind and text) up to this id, which the board shows as one line. One
    that was raised after the page was drawn stays unseen. Raises AlarmNotFound, also for another company's alarm.
    """
    alarm = await session.scalar(select(Alarm).where(Alarm.id == alarm_id, is_visible_to(company_id)).with_for_update())
    if alarm is None:
        raise AlarmNotFound
    marked = [alarm]
    if newest_id is not None and alarm.kind != AlarmKind.DANGER:
        equal = (
            select(Alarm)
            .where(
                Alarm.kind == alarm.kind,
                Alarm.message == alarm.message,
                Alarm.id != alarm.id,
                Alarm.id <= newest_id,
                Alarm.seen_at.is_(None),
                Alarm.cleared_at.is_(None),
                is_visible_to(company_id),
            )
            .order_by(Alarm.id)
            .with_for_update()
        )
        marked += (await session.scalars(equal)).all()
    for one in marked:
        if one.seen_at is None:
            one.seen_at = now
            one.seen_by = by
        if one.kind in PASSING and one.cleared_at is None:
            one.cleared_at = now
    await session.flush()
    await notify(session, "alarm", alarm.id)
    return alarm

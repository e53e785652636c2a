"""Terms that have passed: each raises one alarm on the board."""

from datetime import datetime

from sqlalchemy import String, cast, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import Alarm, AlarmKind
from callcenter.alarms.service import raise_alarm
from callcenter.tickets.models import Ticket, TicketClock, TicketState
from callcenter.wording.labels import label

_UNFINISHED = (TicketState.REGISTERED, TicketState.ASSIGNED)


async def raise_overdue_alarms(session: AsyncSession, *, now: datetime, limit: int = 100) -> int:
    """Raises an alarm for each running clock of an unfinished ticket whose term has passed; returns how many.

    Each clock raises one alarm in its life: whoever marks it as seen is not asked again. May run in two processes.
    """
    is_announced = exists().where(Alarm.kind == AlarmKind.TICKET_OVERDUE, Alarm.subject == cast(TicketClock.id, String))
    rows = (
        await session.execute(
            select(TicketClock, Ticket)
            .join(Ticket, Ticket.id == TicketClock.ticket_id)
            .where(
                TicketClock.due_at <= now,
                TicketClock.stopped_at.is_(None),
                Ticket.state.in_(_UNFINISHED),
                ~is_announced,
            )
            .order_by(TicketClock.due_at)
            .limit(limit)
            .with_for_update(of=TicketClock, skip_locked=True)
        )
    ).all()
    for clock, ticket in rows:
        await raise_alarm(
            session,
            company_id=ticket.company_id,
            kind=AlarmKind.TICKET_OVERDUE,
            subject=str(clock.id),
            message=f"Срок заявки вышел: {label('clock_kind', clock.kind)}.",
            now=now,
            facts={"ticket": ticket.id, "number": ticket.number, "due_at": clock.due_at.isoformat()},
        )
    return len(rows)

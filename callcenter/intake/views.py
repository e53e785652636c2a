"""What may be asked across rooms."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.models import Call, CallEvent, CallLeg, Recording
from callcenter.calls.views import call_record
from callcenter.queues.models import Task
from callcenter.queues.views import task_of_call
from callcenter.tickets.models import Ticket
from callcenter.tickets.views import ticket_of_call


@dataclass(frozen=True, slots=True)
class CallCard:
    """One call with all that hangs on it. `events` are in the order of time, `legs` in that of their start."""

    call: Call
    legs: tuple[CallLeg, ...]
    events: tuple[CallEvent, ...]
    recording: Recording | None
    ticket: Ticket | None
    callback: Task | None


async def call_card(session: AsyncSession, call_id: str) -> CallCard | None:
    """The call's card; None when there is no such call."""
    record = await call_record(session, call_id)
    if record is None:
        return None
    return CallCard(
        record.call,
        record.legs,
        record.events,
        record.recording,
        await ticket_of_call(session, call_id),
        await task_of_call(session, call_id),
    )

"""Creates the record of an arriving call: the call row, the first line of its timeline and a draft ticket.

Both the robot's note and CEL report an arrival, in any order and possibly more than once. The functions are idempotent:
the result is one record in all cases.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.models import EventSource
from callcenter.calls.service import admit_call, knows_call, lock_call, record_event
from callcenter.core.event_kinds import EventKind
from callcenter.core.phone_numbers import parse_phone
from callcenter.tickets.service import assign_company, open_draft

CENTRE = "centre"
"""Author of changes made neither by a person nor by the robot's script."""


async def admit(
    session: AsyncSession, call_id: str, *, at: datetime, dialled: str, caller_shown: str, source: EventSource
) -> None:
    """Records an arrival. `caller_shown`: caller number as the source reports it; `dialled`: number dialed."""
    number = parse_phone(caller_shown)
    made = await admit_call(
        session, call_id, arrived_at=at, dialled=dialled, caller_number=number, caller_shown=caller_shown
    )
    await record_event(
        session,
        call_id,
        at=at,
        source=source,
        kind=EventKind.ARRIVED,
        key=f"arrived:{call_id}",
        facts={"dialled": dialled, "caller_shown": caller_shown, "caller_number": number},
    )
    if made:  # an existing row already has its draft
        await open_draft(session, call_id=call_id, author=CENTRE, now=at)
    else:
        await assign_company(session, call_id=call_id)


async def ensure_call(session: AsyncSession, call_id: str, *, at: datetime, caller_shown: str = "") -> None:
    """Creates the record of a call that has none, for example when CEL is late.

    `at`: the earliest known time of the call. `caller_shown`: the caller's number, if known; stored only if the record
    has none.
    """
    if await knows_call(session, call_id) and (not caller_shown or (await lock_call(session, call_id)).caller_shown):
        return
    number = parse_phone(caller_shown)
    if await admit_call(session, call_id, arrived_at=at, caller_number=number, caller_shown=caller_shown):
        await open_draft(session, call_id=call_id, author=CENTRE, now=at)

"""A call that rings becomes a record: the call's row, the first line of its timeline, a draft ticket.

The robot's note and CEL both tell of an arrival, in any order, and each may be read again: the same record
comes of it.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.models import EventSource
from callcenter.calls.service import admit_call, knows_call, lock_call, record_event
from callcenter.core.phone_numbers import parse_phone
from callcenter.tickets.service import assign_company, open_draft

CENTRE = "centre"
"""The author of what no person and no script did."""


async def admit(
    session: AsyncSession, call_id: str, *, at: datetime, dialled: str, caller_shown: str, source: EventSource
) -> None:
    """Writes down an arrival that was seen: who was shown as calling, and the number dialled."""
    number = parse_phone(caller_shown)
    made = await admit_call(
        session, call_id, arrived_at=at, dialled=dialled, caller_number=number, caller_shown=caller_shown
    )
    await record_event(
        session,
        call_id,
        at=at,
        source=source,
        kind="arrived",
        key=f"arrived:{call_id}",
        facts={"dialled": dialled, "caller_shown": caller_shown, "caller_number": number},
    )
    if made:  # else whoever made it has opened its draft
        await open_draft(session, call_id=call_id, author=CENTRE, now=at)
    else:
        await assign_company(session, call_id=call_id)


async def ensure_call(session: AsyncSession, call_id: str, *, at: datetime, caller_shown: str = "") -> None:
    """Makes the record of a call whose arrival nobody has told us yet; `at` is the earliest we know of it,
    `caller_shown` who calls, if that is known: whoever tells it first."""
    if await knows_call(session, call_id) and (not caller_shown or (await lock_call(session, call_id)).caller_shown):
        return
    number = parse_phone(caller_shown)
    if await admit_call(session, call_id, arrived_at=at, caller_number=number, caller_shown=caller_shown):
        await open_draft(session, call_id=call_id, author=CENTRE, now=at)

"""Short ways for tests to look at the rows."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import text

from callcenter.callbacks.models import Callback
from callcenter.callbacks.views import callback_of_call
from callcenter.calls.models import Call, CallEvent, CallLeg, Recording
from callcenter.calls.views import call_record
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.tickets.models import Ticket
from callcenter.tickets.views import ticket_of_call

_TABLES = (
    "call",
    "call_event",
    "call_leg",
    "callback",
    "ticket",
    "ticket_call",
    "ticket_event",
    "ticket_clock",
    "alarm",
    "recording",
)


@dataclass(frozen=True, slots=True)
class CallCard:
    """One call with all that belongs to it. `events` and `legs` are in the order of time."""

    call: Call
    legs: tuple[CallLeg, ...]
    events: tuple[CallEvent, ...]
    recording: Recording | None
    ticket: Ticket | None
    callback: Callback | None


async def card_of(database: Database, call_id: str) -> CallCard:
    async with database.begin() as session:
        record = await call_record(session, DEFAULT_COMPANY_ID, call_id)
        assert record is not None, f"no call {call_id}"
        ticket, callback = await ticket_of_call(session, call_id), await callback_of_call(session, call_id)
    return CallCard(record.call, record.legs, record.events, record.recording, ticket, callback)


async def all_rows(database: Database) -> list[str]:
    """Every row that the intake writes, as text, in a fixed order: to compare before and after."""
    found = []
    async with database.begin() as session:
        for table in _TABLES:
            rows = await session.scalars(text(f'SELECT to_jsonb(t)::text FROM "{table}" t'))  # noqa: S608
            found += sorted(f"{table}: {row}" for row in rows)
    return found


async def count(database: Database, table: str) -> int:
    async with database.begin() as session:
        return int(await session.scalar(text(f'SELECT count(*) FROM "{table}"')) or 0)  # noqa: S608


async def until(holds: Callable[[], Awaitable[bool]], *, seconds: float = 15.0) -> None:
    """Waits for what another task or process brings about."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.02)

"""Short ways for tests to look at the rows."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from sqlalchemy import text

from callcenter.core.database import Database
from callcenter.intake.views import CallCard, call_card

_TABLES = ("call", "call_event", "call_leg", "task", "ticket", "ticket_event", "ticket_clock", "alarm", "recording")


async def card_of(database: Database, call_id: str) -> CallCard:
    async with database.begin() as session:
        card = await call_card(session, call_id)
    assert card is not None, f"no call {call_id}"
    return card


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

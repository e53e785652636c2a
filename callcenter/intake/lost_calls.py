"""Calls that died with Asterisk: its files hold no end of theirs, so it is asked what it holds.

The id of a call begins with the number of the start of Asterisk in which it came (`b17-…`). A call of an earlier start
is lost at the first look, the moment a new Asterisk answers; no clock is asked, for somebody may have set it meanwhile.
A call of the present start whose channel is gone has hung up and its end is on its way through the files, unless
Asterisk could not write it down (its disk was full): such a call is lost once it has been missing for a while.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog
from sqlalchemy import select

from callcenter.calls.models import Call, CallState
from callcenter.core.clock import Clock
from callcenter.core.database import Database
from callcenter.intake.errors import AsteriskSilent, DatabaseAway, open_session
from callcenter.intake.reconciliation import SeenChannel
from callcenter.intake.truth import TruthReader

LOOK_SECONDS = 4.0
MISSING_SECONDS = 3.0
"""After which no end of a call will come any more."""

log = structlog.get_logger()


class Exchange(Protocol):
    """Asterisk, asked for what it holds. Both raise AsteriskSilent."""

    async def boot(self) -> str:
        """The mark of its present start: `b17`."""
        ...

    async def channels(self) -> Sequence[SeenChannel]: ...


class LostCalls:
    """Closes the calls that our record holds as running and Asterisk does not hold."""

    def __init__(self, database: Database, truth: TruthReader, exchange: Exchange, *, clock: Clock) -> None:
        self._database = database
        self._truth = truth
        self._exchange = exchange
        self._clock = clock
        self._missing: dict[str, float] = {}
        """Calls without a channel, and since when, in monotonic seconds."""
        self._wake = asyncio.Event()

    def look_soon(self) -> None:
        """Asterisk has just answered after a break: it may be a new one."""
        self._wake.set()

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self.look()
            except (AsteriskSilent, DatabaseAway) as error:
                log.warning("no look for lost calls", error=str(error))
            try:
                async with asyncio.timeout(MISSING_SECONDS if self._missing else LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def look(self) -> tuple[str, ...]:
        """Closes what is lost; returns the ids. Raises AsteriskSilent, DatabaseAway."""
        running = await self._running()  # before Asterisk is asked: what comes meanwhile is not in question
        if not running:
            self._missing = {}
            return ()
        boot = await self._exchange.boot()
        alive = {channel.id for channel in await self._exchange.channels()}
        now = self._clock.monotonic()
        self._missing = {call_id: self._missing.get(call_id, now) for call_id in running - alive}
        lost = {
            call_id
            for call_id, since in self._missing.items()
            if not call_id.startswith(f"{boot}-") or now - since >= MISSING_SECONDS
        }
        return await self._truth.close_lost_calls(lost) if lost else ()

    async def _running(self) -> frozenset[str]:
        async with open_session(self._database) as session:
            return frozenset(await session.scalars(select(Call.id).where(Call.state != CallState.ENDED)))

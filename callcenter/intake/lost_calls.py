"""What Asterisk holds, against our record: calls that died with it, and calls of which nobody could tell.

The id of a call begins with the number of the start of Asterisk in which it came (`b17-…`). A call of an earlier start
is lost at the first look, the moment a new Asterisk answers; no clock is asked, for somebody may have set it meanwhile.
A call of the present start whose channel is gone has hung up and its end is on its way through the files, unless
Asterisk could not write it down (its disk was full): such a call is lost once it has been missing for a while. So does
a call become a record that came while Asterisk could write nothing and no controller lived: its channel is there.
"""

import asyncio
import math
from collections.abc import Sequence
from typing import Protocol

import structlog
from sqlalchemy import select

from callcenter.calls.models import Call, CallState, EventSource
from callcenter.calls.service import is_of_this_node
from callcenter.core.clock import Clock
from callcenter.core.database import Database
from callcenter.core.errors import AsteriskUnavailable, DatabaseUnavailable
from callcenter.intake.admission import admit
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.asterisk_state import SeenChannel
from callcenter.intake.intake_lock import lock_intake
from callcenter.intake.log_events import CALLERS_WAY

LOOK_SECONDS = 1.0
MISSING_SECONDS = 3.0
"""After which neither the end of a call nor its arrival will come any more."""

log = structlog.get_logger()


class AsteriskInspector(Protocol):
    """Asterisk, asked for what it holds. All raise AsteriskUnavailable."""

    async def read_boot_id(self) -> str:
        """The mark of its present start: `b17`."""
        ...

    async def list_channels(self) -> Sequence[SeenChannel]: ...

    async def read_dialled_number(self, channel_id: str) -> str:
        """What the caller on a channel dialled; nothing when that is unknown or the channel gone."""
        ...


class LostCalls:
    """Settles our record with what Asterisk holds: closes what it does not hold, admits whom only it knows."""

    def __init__(
        self, database: Database, log_reader: AsteriskLogReader, call_source: AsteriskInspector, *, clock: Clock
    ) -> None:
        self._database = database
        self._truth = log_reader
        self._exchange = call_source
        self._clock = clock
        self._missing_since: dict[str, float] = {}
        """Calls without a channel, and since when, in monotonic seconds."""
        self._unreported_until: dict[str, float] = {}
        """Callers' channels, and until when they may wait for somebody else to tell of them."""
        self._unavailable = False

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            try:
                await self.detect_lost_calls()
                self._unavailable = False
            except (AsteriskUnavailable, DatabaseUnavailable) as error:
                if not self._unavailable:  # once, not every second of a night
                    log.warning("no look for lost calls", error=str(error))
                self._unavailable = True
            await asyncio.sleep(LOOK_SECONDS)

    async def detect_lost_calls(self) -> tuple[str, ...]:
        """Admits callers of whom nobody has told, and closes what is lost; returns the ids of the latter.

        Raises AsteriskUnavailable, DatabaseUnavailable.
        """
        running = await self._load_running_ids()  # before Asterisk is asked: what comes meanwhile is not in question
        channels = await self._exchange.list_channels()
        await self._record_unreported_calls([channel for channel in channels if channel.context in CALLERS_WAY])
        alive = {channel.id for channel in channels}
        if running <= alive:
            self._missing_since = {}
            return ()
        boot = await self._exchange.read_boot_id()
        now = self._clock.monotonic()
        self._missing_since = {call_id: self._missing_since.get(call_id, now) for call_id in running - alive}
        lost = {
            call_id
            for call_id, since in self._missing_since.items()
            if not call_id.startswith(f"{boot}-") or now - since >= MISSING_SECONDS
        }
        return await self._truth.close_lost_calls(lost) if lost else ()

    async def _record_unreported_calls(self, callers: Sequence[SeenChannel]) -> None:
        """Each is looked up once, when whoever knows more of it has had the time to say so."""
        now = self._clock.monotonic()
        self._unreported_until = {one.id: self._unreported_until.get(one.id, now + MISSING_SECONDS) for one in callers}
        due = {one.id: one for one in callers if now >= self._unreported_until[one.id]}
        if not due:
            return
        async with self._database.begin() as session:
            told = await session.scalars(select(Call.id).where(Call.id.in_(due), Call.dialled != ""))
            untold = due.keys() - set(told)
        dialled = {call_id: await self._exchange.read_dialled_number(call_id) for call_id in untold}
        async with self._database.begin() as session:
            await lock_intake(session)
            for call_id, number in dialled.items():
                log.warning("a call of which nobody has told", call_id=call_id)
                at, shown = due[call_id].created_at, due[call_id].number
                await admit(session, call_id, at=at, dialled=number, caller_shown=shown, source=EventSource.CENTRE)
        self._unreported_until |= dict.fromkeys(due, math.inf)

    async def _load_running_ids(self) -> frozenset[str]:
        async with self._database.begin() as session:
            running = select(Call.id).where(Call.state != CallState.ENDED, is_of_this_node(session))
            return frozenset(await session.scalars(running))

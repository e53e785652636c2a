"""Compares the call records with Asterisk's channels: closes lost calls and records unreported ones. Runs in the clerk.

A call id begins with the id of the Asterisk start in which the call arrived (`b17-…`). A running call of an earlier
start is lost, and is closed as soon as the restarted Asterisk answers. No timestamps are compared, because the clock
may have been set meanwhile. A call of the present start without a channel has normally hung up, and its end will be
read from CEL. If Asterisk could not write CEL (disk full), the call is lost after MISSING_SECONDS. A caller's channel
that is not recorded after MISSING_SECONDS, or without its dialed number, is recorded from what Asterisk knows: CEL
could not be written, and no controller was alive to write a note.
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
"""Seconds after which the end or the arrival of a call is no longer expected from CEL or the journal. Shorter: a call
that is merely late counts as lost; longer: lost calls are closed, and called back, later."""

log = structlog.get_logger()


class AsteriskInspector(Protocol):
    """Queries Asterisk. All methods raise AsteriskUnavailable."""

    async def read_boot_id(self) -> str:
        """Id of the present start of Asterisk, e.g. `b17`; all channel ids of this start begin with it."""
        ...

    async def list_channels(self) -> Sequence[SeenChannel]: ...

    async def read_dialled_number(self, channel_id: str) -> str:
        """The number dialed by the caller on a channel; empty when unknown or the channel is gone."""
        ...


class LostCalls:
    """Closes running calls that Asterisk has no channel for, and records callers' channels that have no record."""

    def __init__(
        self, database: Database, log_reader: AsteriskLogReader, call_source: AsteriskInspector, *, clock: Clock
    ) -> None:
        self._database = database
        self._truth = log_reader
        self._exchange = call_source
        self._clock = clock
        self._missing_since: dict[str, float] = {}
        """Call id -> monotonic seconds since when the call has no channel."""
        self._unreported_until: dict[str, float] = {}
        """Channel id -> monotonic seconds until which CEL or a note may report the arrival; inf: checked already."""
        self._unavailable = False

    async def run(self) -> None:
        """Compares every LOOK_SECONDS until cancelled."""
        while True:
            try:
                await self.detect_lost_calls()
                self._unavailable = False
            except (AsteriskUnavailable, DatabaseUnavailable) as error:
                if not self._unavailable:  # log an outage once, not every second
                    log.warning("no look for lost calls", error=str(error))
                self._unavailable = True
            await asyncio.sleep(LOOK_SECONDS)

    async def detect_lost_calls(self) -> tuple[str, ...]:
        """Records unreported callers and closes lost calls; returns the ids of the closed calls.

        Raises AsteriskUnavailable, DatabaseUnavailable.
        """
        running = await self._load_running_ids()  # before the query: a call that arrives meanwhile is not lost
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
        """Checks each channel once, after CEL and the notes, which know more, had MISSING_SECONDS to report it."""
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

"""The queue's members: copies their states from AMI to the database, and pauses them on request of the dispatchers.

AMI serves display and control only. The history of a call is read from CEL and queue_log, because AMI sends no events
from before the connection. The begin and end of a talk are reported from AMI too, because Asterisk's disk may be full.
A member's event only triggers a `QueueStatus` query, whose whole result is written, so the next query repairs the loss
of an event.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from callcenter.core.clock import Clock
from callcenter.core.database import Database
from callcenter.core.errors import DatabaseUnavailable
from callcenter.journal.tape import NO_TAPE, Tape, TapeSource
from callcenter.queues.models import MemberState
from callcenter.queues.service import claim_requests, settle_request, write_member
from callcenter.telephony.ami.connection import Ami, AmiRefused, AmiUnavailable, open_ami
from callcenter.telephony.ami.talks import TalkEvent, read_talk_event

log = structlog.get_logger()

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 1.0
"""Bounds in seconds of the pause between connection attempts; the pause doubles after each attempt."""
STATUS_INTERVAL = 2.0
"""Seconds between `QueueStatus` queries without events. Asterisk does not report the end of a wrap-up, so this is also
the maximum delay before the end is seen."""
REQUEST_INTERVAL = 0.5
"""Seconds between checks for requests of dispatchers."""
CLOCK_STEP = 2.0
"""Seconds by which a member's last call, or a caller's entry into the queue, may lie in the future. A larger difference
means that the system clock was set back."""
LONGEST_REASON = 100
"""Length of the database column, in characters. A reason set on Asterisk's console may be longer and is cut."""
_REFRESH_EVENT_PREFIXES = ("QueueMember", "Agent", "QueueCaller")
_TALKING_STATUSES = frozenset({"2", "3", "8"})
_RINGING_STATUSES = frozenset({"6", "7"})
_ABSENT_STATUSES = frozenset({"0", "4", "5"})
"""Asterisk's device states: 0 unknown, 1 not in use, 2 in use, 3 busy, 4 invalid, 5 unavailable, 6 ringing, 7 ringing
while in use, 8 on hold."""


@dataclass(frozen=True, slots=True)
class AmiAccess:
    """Address and account of AMI."""

    host: str
    port: int
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class SeenMember:
    """A queue member as reported by one `QueueStatus`. `pause_reason` is None unless the member is paused."""

    interface: str
    name: str
    state: MemberState
    pause_reason: str | None


class Members:
    """Updates the members' database rows, and carries out the dispatchers' pause requests."""

    def __init__(
        self,
        access: AmiAccess,
        *,
        queue: str,
        database: Database,
        extensions: Mapping[str, str],
        wrap_up_seconds: int,
        clock: Clock,
        tape: Tape = NO_TAPE,
        on_member_call: Callable[[TalkEvent], None] | None = None,
        on_connected: Callable[[], None] | None = None,
        requeue_caller: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """`extensions`: queue interface -> the extension that colleagues dial, shown on the board.

        `on_member_call` receives each begin and end of a talk. `on_connected` is called after each connect: talks may
        have begun or ended unreported before. `requeue_caller` makes the caller with this channel id leave and re-enter
        the queue; it raises nothing.
        """
        self._queue_anew = requeue_caller
        self._on_talk = on_member_call
        self._on_sight = on_connected
        self._tape = tape
        self._access = access
        self._queue = queue
        self._database = database
        self._extensions = extensions
        self._wrap_up_seconds = wrap_up_seconds
        self._clock = clock
        self._wake = asyncio.Event()
        self.connected = False
        """True from the first successful `QueueStatus` of a connection until the connection ends."""

    async def run(self) -> None:
        """Connects again and again until cancelled, with a growing pause; a successful connection resets the pause."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self._run_connection()
            except (AmiUnavailable, AmiRefused) as error:
                log.warning("no AMI connection", error=str(error))
            except Exception:
                log.exception("the members' room failed")
            if self.connected:
                pause = FIRST_PAUSE
            self.connected = False
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _run_connection(self) -> None:
        """Opens and serves one connection; returns when it is lost. Raises AmiUnavailable, AmiRefused."""
        trouble: Exception | None = None
        access = self._access
        ami = await open_ami(
            access.host, access.port, user=access.user, password=access.password, on_event=self._handle_event
        )
        log.info("connected to AMI")
        if self._on_sight is not None:
            self._on_sight()
        try:
            async with asyncio.TaskGroup() as group:
                working = (
                    group.create_task(self._sync_members(ami), name="members"),
                    group.create_task(self._poll_requests(ami), name="member requests"),
                )
                await ami.lost.wait()
                for task in working:
                    task.cancel()
        except* (AmiUnavailable, AmiRefused) as troubles:
            trouble = troubles.exceptions[0]
        finally:
            ami.close()
        if trouble is not None:
            raise trouble

    def _handle_event(self, event: Mapping[str, Any]) -> None:
        self._tape.record_line(TapeSource.AMI, event)
        if str(event.get("Event", "")).startswith(_REFRESH_EVENT_PREFIXES):
            self._wake.set()
        talk = read_talk_event(event, now=self._clock.now())
        if talk is not None and self._on_talk is not None:
            self._on_talk(talk)

    async def _sync_members(self, ami: Ami) -> None:
        while True:
            self._wake.clear()
            members = await self.read_members(ami)
            self.connected = True
            try:
                async with self._database.begin() as session:
                    for member in members:
                        await write_member(
                            session,
                            interface=member.interface,
                            name=member.name,
                            extension=self._extensions.get(member.interface, member.name),
                            state=member.state,
                            pause_reason=member.pause_reason,
                            now=self._clock.now(),
                        )
            except DatabaseUnavailable:
                log.warning("no database for the members")
            try:
                async with asyncio.timeout(STATUS_INTERVAL):
                    await self._wake.wait()
                await asyncio.sleep(0.05)  # events come in bursts; one query serves a whole burst
            except TimeoutError:
                pass

    async def read_members(self, ami: Ami) -> tuple[SeenMember, ...]:
        """Queries the members; repairs the queue after the clock was set back. Raises AmiUnavailable, AmiRefused."""
        members, callers = await self._query_queue(ami)
        now = self._clock.now()  # read after the query, which may take seconds
        if any(_last_call(member) > now.timestamp() + CLOCK_STEP for member in members):
            # Asterisk would offer these members no call, as if in wrap-up, until the clock passes the old time again.
            log.warning("the clock was put back; the queue forgets when its members had their last calls")
            await ami.execute_action({"Action": "QueueReset", "Queue": self._queue})
            members, callers = await self._query_queue(ami)
        for caller in callers:
            # Asterisk waits a second between two attempts, by the system clock. After a step back by an hour that wait
            # lasts an hour, so a caller who was queued before the step is not offered to a free dispatcher.
            if int(caller.get("Wait") or 0) < -CLOCK_STEP and self._queue_anew is not None:
                log.warning("the clock was put back; a caller is queued anew", call_id=caller.get("Uniqueid"))
                await self._queue_anew(str(caller.get("Uniqueid")))
        return tuple(self._read(member, now) for member in members)

    async def _query_queue(self, ami: Ami) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """The queue's members, and its callers in the order of the queue."""
        messages = await ami.execute_action({"Action": "QueueStatus", "Queue": self._queue}, as_list=True)
        members = [message for message in messages if message.get("Event") == "QueueMember"]
        return members, [message for message in messages if message.get("Event") == "QueueEntry"]

    def _read(self, message: Mapping[str, Any], now: datetime) -> SeenMember:
        paused = message.get("Paused") == "1"
        return SeenMember(
            interface=str(message.get("StateInterface") or message.get("Location")),
            name=str(message.get("Name", "")),
            state=self._state(message, now, paused=paused),
            pause_reason=str(message.get("PausedReason") or "")[:LONGEST_REASON] or None if paused else None,
        )

    def _state(self, message: Mapping[str, Any], now: datetime, *, paused: bool) -> MemberState:
        status = str(message.get("Status", ""))
        if status in _ABSENT_STATUSES:
            return MemberState.ABSENT
        if status in _TALKING_STATUSES or message.get("InCall") == "1":
            return MemberState.TALKING
        if status in _RINGING_STATUSES:
            return MemberState.RINGING
        if paused:
            return MemberState.PAUSED
        wrap_up = int(message.get("Wrapuptime") or 0) or self._wrap_up_seconds
        last_call = _last_call(message)
        if last_call and now.timestamp() - last_call < wrap_up:
            return MemberState.WRAP_UP
        return MemberState.FREE

    async def _poll_requests(self, ami: Ami) -> None:
        while True:
            try:
                await self._carry_out_requests(ami)
            except DatabaseUnavailable:
                log.warning("no database for the members' requests")
            await asyncio.sleep(REQUEST_INTERVAL)

    async def _carry_out_requests(self, ami: Ami) -> None:
        async with self._database.begin() as session:
            for request in await claim_requests(session):
                failure = None
                try:
                    await ami.execute_action(
                        {
                            "Action": "QueuePause",
                            "Queue": self._queue,
                            "Interface": request.interface,
                            "Paused": "true" if request.paused else "false",
                            "Reason": request.reason,
                        }
                    )
                except AmiRefused as error:
                    failure = str(error)
                await settle_request(session, request.id, now=self._clock.now(), failure=failure)
                self._wake.set()


def _last_call(member: Mapping[str, Any]) -> int:
    return int(member.get("LastCall") or 0)

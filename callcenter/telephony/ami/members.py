"""The queue's members: shown on the board as Asterisk sees them, paused as the dispatchers wish.

For display and control. What happened to a call is read from CEL and queue_log, for AMI forgets whoever is not
connected; what it tells of a talk is handed on all the same, for Asterisk's disk may be full. Events only wake us; what
is written is always a whole `QueueStatus`, so that a lost event is made good by the next look.
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
LOOK_EVERY = 2.0
"""Seconds; also how late the end of a wrap-up is seen, for Asterisk does not report it."""
REQUESTS_EVERY = 0.5
CLOCK_STEP = 2.0
"""Seconds by which a member's last call or a caller's coming may lie ahead; more, and the clock was put back since."""
LONGEST_REASON = 100
"""What the row holds; on Asterisk's console anybody may write more."""
_REFRESH_EVENT_PREFIXES = ("QueueMember", "Agent", "QueueCaller")
_TALKING_STATUSES = frozenset({"2", "3", "8"})
_RINGING_STATUSES = frozenset({"6", "7"})
_ABSENT_STATUSES = frozenset({"0", "4", "5"})
"""Asterisk's device states: 1 not in use, 2 in use, 3 busy, 4 invalid, 5 unavailable, 6 ringing, 7 ringing in use,
8 on hold."""


@dataclass(frozen=True, slots=True)
class AmiAccess:
    """How to reach AMI."""

    host: str
    port: int
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class SeenMember:
    """A member as one `QueueStatus` shows it."""

    interface: str
    name: str
    state: MemberState
    pause_reason: str | None


class Members:
    """Keeps the members' rows and carries out the requests for them."""

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
        """`extensions`: interface -> what colleagues dial, for the board. `on_member_call` is told of each talk that
        begins or ends; `on_connected` of each connection, before which there may have been other talks.
        `requeue_caller` has the caller of this channel id leave the queue and come again; it raises nothing."""
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
        """True while Asterisk shows us the members."""

    async def run(self) -> None:
        """Connects, for ever, with a growing pause between attempts; after a connection that held it is short again."""
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
        """One connection's life; returns when it is lost. Raises AmiUnavailable, AmiRefused."""
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
                async with asyncio.timeout(LOOK_EVERY):
                    await self._wake.wait()
                await asyncio.sleep(0.05)  # events come in bunches
            except TimeoutError:
                pass

    async def read_members(self, ami: Ami) -> tuple[SeenMember, ...]:
        """The members now. Raises AmiUnavailable, AmiRefused."""
        members, callers = await self._query_queue(ami)
        now = self._clock.now()  # after the answer, which may have taken seconds
        if any(_last_call(member) > now.timestamp() + CLOCK_STEP for member in members):
            # Asterisk would take them for wrapping up until the clock has come there again, and offer them no call.
            log.warning("the clock was put back; the queue forgets when its members had their last calls")
            await ami.execute_action({"Action": "QueueReset", "Queue": self._queue})
            members, callers = await self._query_queue(ami)
        for caller in callers:
            # Asterisk ends no wait of a second that has begun before the clock has come there again: whoever came
            # before the step would hear music for an hour, though a dispatcher is free.
            if int(caller.get("Wait") or 0) < -CLOCK_STEP and self._queue_anew is not None:
                log.warning("the clock was put back; a caller is queued anew", call_id=caller.get("Uniqueid"))
                await self._queue_anew(str(caller.get("Uniqueid")))
        return tuple(self._read(member, now) for member in members)

    async def _query_queue(self, ami: Ami) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """The queue's members, and the callers in it, first come first."""
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
            await asyncio.sleep(REQUESTS_EVERY)

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

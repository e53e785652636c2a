"""Runs every live call in an asyncio task of its own, so that a failure in one call does not affect the others."""

import asyncio
from collections.abc import Callable, Coroutine

import structlog

from callcenter.conducting.caller import Arrival
from callcenter.conducting.line import FALLBACK, Dialogue, Line, LinePorts
from callcenter.conducting.mailbox import Dismissed, Left, Letter
from callcenter.conducting.ports import ChannelGone
from callcenter.conducting.taping import with_tape
from callcenter.core.errors import AsteriskUnavailable
from callcenter.core.event_kinds import EventKind
from callcenter.core.ids import new_id
from callcenter.journal.notes import Note

log = structlog.get_logger()

LEAVE_WITHIN = 5.0
"""Seconds a call's task may run after its channel has left the application, to finish the action in progress (for
example a ticket registration). Then the task is cancelled."""


class Switchboard:
    """Starts a `Line` for each call, delivers letters to its mailbox, and ends the lines of calls that have left.

    `run` must be running.
    """

    def __init__(
        self, edges: LinePorts, *, start_conversation: Callable[[], Dialogue], leave_within: float = LEAVE_WITHIN
    ) -> None:
        """`start_conversation` creates the conversation of a new call from the script in force. It may raise: then the
        call goes to the dialplan's fallback."""
        self._edges = edges
        self._begin_talk = start_conversation
        self._leave_within = leave_within
        self._call_sessions: dict[str, Line] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._stopping = False

    async def run(self) -> None:
        """Holds the task group of the calls. Runs until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            await asyncio.Event().wait()

    @property
    def call_ids(self) -> frozenset[str]:
        return frozenset(self._call_sessions)

    def admit(self, arrival: Arrival) -> None:
        """Starts the session of a call that has entered the Stasis application.

        The call goes to the dialplan's fallback when the controller is stopping or no conversation can be created.
        """
        if self._stopping or self._group is None:
            self._spawn(self._release_to_dialplan(arrival.call_id), arrival.call_id)
            return
        if arrival.call_id in self._call_sessions:
            log.warning("a call came in twice", call_id=arrival.call_id)
            return
        try:
            line = Line(arrival, self._begin_talk(), with_tape(self._edges, arrival.call_id))
        except Exception as error:
            log.exception("no conversation for a call", call_id=arrival.call_id)
            self._note(arrival.call_id, EventKind.FAILED, what=f"{type(error).__name__}: {error}")
            self._spawn(self._release_to_dialplan(arrival.call_id), arrival.call_id)
            return
        self._call_sessions[arrival.call_id] = line
        self._tasks[arrival.call_id] = self._group.create_task(
            self._run_session(arrival.call_id, line), name=f"call {arrival.call_id}"
        )

    def post(self, call_id: str, letter: Letter) -> None:
        """Puts a letter into the mailbox of the call. A letter for an unknown call is dropped."""
        line = self._call_sessions.get(call_id)
        if line is None:
            return
        line.mailbox.post(letter)
        if isinstance(letter, Left):
            task = self._tasks[call_id]
            asyncio.get_running_loop().call_later(self._leave_within, task.cancel, "its caller has left")

    async def release_orphan(self, call_id: str) -> None:
        """Sends a call left in Stasis by an earlier controller to the dialplan's fallback.

        Raises AsteriskUnavailable.
        """
        self._note(call_id, EventKind.ADOPTED)
        await self._release_to_dialplan(call_id)

    async def release_all(self, *, within: float) -> None:
        """Sends every call to the dialplan's fallback because the controller is stopping; later arrivals go there too.

        Waits at most `within` seconds for the calls' tasks. A call that takes longer leaves at the end of its lease.
        """
        self._stopping = True
        tasks = list(self._tasks.values())
        for line in self._call_sessions.values():
            line.mailbox.post(Dismissed())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=within)
            if late:
                log.warning("calls are left to their lease", count=len(late))

    async def _run_session(self, call_id: str, line: Line) -> None:
        try:
            await line.run()
        except Exception:
            log.exception("a line broke", call_id=call_id)  # the lease will return the caller to the dialplan
        finally:
            del self._call_sessions[call_id], self._tasks[call_id]
            self._edges.channel_control.forget(call_id)

    async def _release_to_dialplan(self, call_id: str) -> None:
        try:
            await self._edges.channel_control.continue_at(call_id, FALLBACK)
        except ChannelGone as error:
            log.debug("the call has left us", call_id=call_id, why=str(error))

    def _spawn(self, work: Coroutine[None, None, None], call_id: str) -> None:
        if self._group is None:
            work.close()
            return
        self._group.create_task(_guarded(work, call_id), name=f"pass on {call_id}")

    def _note(self, call_id: str, kind: str, **facts: str) -> None:
        self._edges.notes.write(Note(new_id(), call_id, self._edges.clock.now(), kind, dict(facts)))


async def _guarded(work: Coroutine[None, None, None], call_id: str) -> None:
    try:
        await work
    except AsteriskUnavailable as error:
        log.warning("left to its lease", call_id=call_id, error=str(error))
    except Exception:
        log.exception("left to its lease", call_id=call_id)

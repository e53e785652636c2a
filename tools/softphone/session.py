"""The SIP signaling of one call: INVITE, ACK, CANCEL, BYE and the requests of the other side within the call.

Outgoing call: `invite` runs until the final reply. Incoming call: created with the INVITE, answered by `accept` or
`decline`. The event `over` is set at the end. `on_media` gets each description of the other side; audio is elsewhere.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from tools.softphone import sdp
from tools.softphone.dialog import ALLOWED, Credentials, Dialog, Headers, ask_proving
from tools.softphone.errors import NoReply
from tools.softphone.sip import REASONS, Address, Message
from tools.softphone.transactions import T1, T2, SipSocket
from tools.softphone.watched import WatchedTasks

Side = Literal["us", "them", "nobody"]
OnMedia = Callable[[sdp.Description], None]

_ACK_PATIENCE = 32.0
"""Seconds for which a 200 is repeated without an ACK; the call is ended then (RFC 3261 section 13.3.1.4)."""
_SDP: Headers = (("Content-Type", "application/sdp"),)


@dataclass(frozen=True, slots=True)
class Step:
    """A SIP message of the call. `text`: e.g. `-> INVITE` or `<- 200 OK`; `at`: `time.monotonic()`."""

    at: float
    text: str


class Session:
    """The signaling of a call. `status`: final reply to the INVITE, 0 before it; `ended_by`: None during the call."""

    def __init__(
        self,
        socket: SipSocket,
        tasks: WatchedTasks,
        dialog: Dialog,
        *,
        sound: Address,
        on_media: OnMedia,
        on_over: Callable[[], None],
        credentials: Credentials | None = None,
        invite: Message | None = None,
    ) -> None:
        self._socket = socket
        self._tasks = tasks
        self.dialog = dialog
        self._sound = sound
        self._on_media = on_media
        self._on_over = on_over
        self._credentials = credentials
        self._outgoing: Message | None = None
        self._incoming = invite
        self._rung = False
        self._given_up = False
        self._cancelled = False
        self._acknowledged = asyncio.Event()
        self._description_version = 1
        self.settled = asyncio.Event()
        self.over = asyncio.Event()
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.ended_by: Side | None = None
        self.status = 0
        self.reason = ""
        self.steps: list[Step] = []
        if invite is not None:
            self._note("<-", invite)

    @property
    def call_id(self) -> str:
        return self.dialog.call_id

    async def invite(self, headers: Headers) -> None:
        """Sends the INVITE; returns after the final reply and our ACK, or after the timeout without any reply."""

        def make(proof: Headers) -> Message:
            offer = sdp.offer(self._sound)
            self._outgoing = self.dialog.request(
                "INVITE", self._socket.address, headers=(*headers, *proof), description=offer
            )
            self._rung = False
            self._note("->", self._outgoing)
            return self._outgoing

        if self._given_up:  # hung up before the first datagram
            self._finish("us")
            return
        try:
            request, reply = await ask_proving(
                self._socket, make, self.dialog.peer, self._credentials, on_provisional=self._take_provisional
            )
        except NoReply as error:
            self._finish("nobody", reason=str(error))
            return
        self._note("<-", reply)
        self.status, self.reason = reply.status, reply.reason
        if reply.status >= 300:
            self._finish("us" if self._given_up else "them")
            return
        self.dialog.follow(reply)
        acknowledgement = self.dialog.request("ACK", self._socket.address, same_sequence=True)
        self._socket.acknowledge(request.branch, acknowledgement, self.dialog.peer)
        self._note("->", acknowledgement)
        self._agree(reply)
        self.answered_at = time.monotonic()
        self.settled.set()
        if self._given_up:  # the CANCEL came after the answer
            await self.hang_up()

    def ring(self) -> None:
        """Sends 180 Ringing for an incoming call."""
        if self._incoming is not None:
            self._reply(self._incoming, 180, headers=(("Contact", self.dialog.contact),))

    def accept(self) -> None:
        """Answers an incoming call; declines it with 488 when the offer has no A-law."""
        if self._incoming is None or self.over.is_set() or self.answered_at is not None:
            return
        theirs = sdp.parse_description(self._incoming.body)
        if self._incoming.body and (theirs is None or not theirs.alaw):
            self.decline(488)
            return
        self.status, self.reason = 200, REASONS[200]
        self.answered_at = time.monotonic()
        self._accept(self._incoming)
        self.settled.set()

    def decline(self, status: int = 486) -> None:
        """Declines an incoming call that was not answered yet."""
        if self._incoming is None or self.over.is_set() or self.answered_at is not None:
            return
        self._reply(self._incoming, status)
        self.status, self.reason = status, REASONS[status]
        self._finish("us")

    async def hang_up(self) -> None:
        """Ends the call by CANCEL, BYE or a refusal, depending on its state; waits for the reply."""
        if self.over.is_set():
            return
        if self.answered_at is not None:
            self._finish("us")
            bye = self.dialog.request("BYE", self._socket.address)
            self._note("->", bye)
            with contextlib.suppress(NoReply):
                reply = await self._socket.ask(bye, self.dialog.peer)
                self._note("<-", reply)
        elif self._incoming is None:
            self._given_up = True
            self._cancel()
            await self.over.wait()
        else:
            self.decline()

    def abandon(self) -> None:
        """Ends the call without sending anything: the other side did not reply in time."""
        self._finish("us")

    async def inform(self, kind: str, body: str) -> int:
        """Sends INFO with a body of content type `kind`; returns the status of the reply. Raises NoReply."""
        request = self.dialog.request("INFO", self._socket.address, headers=(("Content-Type", kind),))
        request = replace(request, body=body.encode())
        self._note("->", request)
        reply = await self._socket.ask(request, self.dialog.peer)
        self._note("<-", reply)
        return reply.status

    def take(self, request: Message, source: Address) -> None:
        """Processes a request of the other side within this call."""
        self._note("<-", request)
        if request.method == "ACK":
            self._acknowledged.set()
            if request.body:  # the answer to our offer
                self._agree(request)
            return
        if request.method == "BYE":
            self._reply(request, 200, to=source)
            self._finish("them")
        elif request.method == "CANCEL":
            self._reply(request, 200, to=source)
            if self._incoming is not None and self.answered_at is None and not self.over.is_set():
                self._reply(self._incoming, 487)
                self.status, self.reason = 487, REASONS[487]
                self._finish("them")
        elif request.method == "INVITE":
            self.dialog.theirs = request.header("from")
            self._incoming = request
            self._accept(request)
        elif request.method == "UPDATE" and request.body:
            self._reply(request, 200, headers=self._described(), body=self._description(request), to=source)
            self._agree(request)
        elif request.method in ("UPDATE", "OPTIONS", "INFO", "NOTIFY", "MESSAGE"):
            self._reply(request, 200, to=source)
        elif request.method == "REFER":
            self._reply(request, 603, to=source)
        else:
            self._reply(request, 405, headers=(("Allow", ALLOWED),), to=source)

    # --- private -------------------------------------------------------------------------------------------------

    def _take_provisional(self, reply: Message) -> None:
        self._note("<-", reply)
        self._rung = True
        if reply.body:  # early media
            self._agree(reply)
        if self._given_up:
            self._cancel()

    def _cancel(self) -> None:
        """Sends CANCEL after a provisional reply, as RFC 3261 section 9.1 requires; before it, does nothing."""
        if not self._rung or self._outgoing is None or self._cancelled:
            return
        self._cancelled = True
        kept = tuple(
            (name, value)
            for name, value in self._outgoing.headers
            if name in ("Via", "Max-Forwards", "Route", "From", "To", "Call-ID")
        )
        headers = (*kept, ("CSeq", f"{self._outgoing.sequence} CANCEL"))
        cancel = replace(self._outgoing, method="CANCEL", headers=headers, body=b"")
        self._note("->", cancel)
        self._tasks.start(self._ask_quietly(cancel))

    async def _ask_quietly(self, request: Message) -> None:
        with contextlib.suppress(NoReply):
            await self._socket.ask(request, self.dialog.peer)

    def _accept(self, invite: Message) -> None:
        """Sends 200 with our description, and repeats it until the ACK arrives."""
        self._acknowledged.clear()
        reply = invite.reply(200, tag=self._tag, headers=self._described(), body=self._description(invite))
        self._agree(invite)
        self._note("->", reply)
        self._socket.answer(invite, reply, self.dialog.peer)
        self._tasks.start(self._insist(reply))

    async def _insist(self, reply: Message) -> None:
        interval, patience = T1, _ACK_PATIENCE
        while patience > 0 and not self.over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._acknowledged.wait(), interval)
                return
            self._socket.send(reply, self.dialog.peer)
            patience -= interval
            interval = min(interval * 2, T2)
        await self.hang_up()

    def _agree(self, message: Message) -> None:
        theirs = sdp.parse_description(message.body)
        if theirs is not None:
            self._on_media(theirs)

    def _description(self, message: Message) -> bytes:
        theirs = sdp.parse_description(message.body)
        version, self._description_version = self._description_version, self._description_version + 1
        return sdp.answer(self._sound, theirs, version=version) if theirs else sdp.offer(self._sound, version=version)

    def _described(self) -> Headers:
        return (("Contact", self.dialog.contact), ("Allow", ALLOWED), *_SDP)

    @property
    def _tag(self) -> str:
        return self.dialog.our_tag

    def _reply(
        self, request: Message, status: int, *, headers: Headers = (), body: bytes = b"", to: Address | None = None
    ) -> None:
        reply = request.reply(status, tag=self._tag, headers=headers, body=body)
        self._note("->", reply)
        self._socket.answer(request, reply, to or self.dialog.peer)

    def _note(self, arrow: str, message: Message) -> None:
        text = message.method or f"{message.status} {message.reason}"
        self.steps.append(Step(time.monotonic(), f"{arrow} {text}"))

    def _finish(self, side: Side, *, reason: str = "") -> None:
        if self.over.is_set():
            return
        self.ended_by = side
        self.ended_at = time.monotonic()
        self.reason = reason or self.reason
        self.settled.set()
        self.over.set()
        self._on_over()

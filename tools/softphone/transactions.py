"""SIP transactions over a UDP socket (RFC 3261 section 17).

Client: `ask` repeats a request after 0.5, 1, 2, 4, 4 ... seconds until the final reply (an INVITE: 0.5, 1, 2, 4, 8 ...
until any reply), gives up after 32 s, and acknowledges a refused INVITE. Server: a repeated request gets the same reply
again and is not passed on.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

from tools.softphone.errors import MalformedMessage, NoReply
from tools.softphone.sip import Address, Message

T1 = 0.5
T2 = 4.0
GIVE_UP = 64 * T1
"""Timers of RFC 3261 in seconds: T1, T2, and timers B and F."""

OnRequest = Callable[[Message, Address], None]
OnProvisional = Callable[[Message], None]


class SipSocket(asyncio.DatagramProtocol):
    """A UDP socket with its transactions. `on_request` gets each new request once, and every ACK."""

    def __init__(self, on_request: OnRequest) -> None:
        self._on_request = on_request
        self._waiting: dict[tuple[str, str], asyncio.Queue[Message]] = {}
        self._acknowledgements: dict[str, tuple[Message, Address]] = {}
        self._answered: dict[tuple[str, str], tuple[bytes, Address]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self.address: Address = ("", 0)
        self.malformed = 0
        """Number of received datagrams that are not SIP messages."""

    async def open(self, host: str, port: int = 0) -> None:
        """Binds to `host` and `port` (0: any free one). Raises OSError."""
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(host, port))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport
        self.address = transport.get_extra_info("sockname")[:2]

    def error_received(self, exc: Exception) -> None:
        """Ignores ICMP «port unreachable»: the timeout of the transaction decides."""

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if not data.strip():  # keep-alive
            return
        try:
            message = Message.parse(data)
        except MalformedMessage:
            self.malformed += 1
            return
        if message.status:
            self._take_reply(message)
        else:
            self._take_request(message, addr)

    def send(self, message: Message, to: Address) -> None:
        """Sends a message once, without a transaction, e.g. an ACK."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(message.render(), to)

    async def ask(self, request: Message, to: Address, *, on_provisional: OnProvisional | None = None) -> Message:
        """Sends `request`, which must have its Via; returns the final reply. Raises NoReply after 32 s without one.

        After a provisional reply to an INVITE, there is no time limit.
        """
        key = (request.branch, request.method)
        replies: asyncio.Queue[Message] = asyncio.Queue()
        self._waiting[key] = replies
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + GIVE_UP
        interval = T1
        ringing = False
        self.send(request, to)
        try:
            while True:
                reply = await _next(replies, None if ringing else min(interval, give_up_at - loop.time()))
                if reply is None:
                    if loop.time() >= give_up_at:
                        raise NoReply(f"{request.method} to {to[0]}:{to[1]}: no reply within {GIVE_UP:.0f} s")
                    self.send(request, to)
                    interval = interval * 2 if request.method == "INVITE" else min(interval * 2, T2)
                elif reply.status < 200:
                    ringing = request.method == "INVITE"
                    if on_provisional is not None:
                        on_provisional(reply)
                else:
                    if request.method == "INVITE" and reply.status >= 300:
                        self.acknowledge(request.branch, _refusal_acknowledged(request, reply), to)
                    return reply
        finally:
            del self._waiting[key]

    def acknowledge(self, branch: str, acknowledgement: Message, to: Address) -> None:
        """Sends the ACK of the INVITE with `branch`, and repeats it whenever the final reply is repeated."""
        self._acknowledgements[branch] = (acknowledgement, to)
        self.send(acknowledgement, to)

    def answer(self, request: Message, reply: Message, to: Address) -> None:
        """Sends `reply`, and repeats it whenever `request` is repeated."""
        datagram = reply.render()
        self._answered[request.branch, request.method] = (datagram, to)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(datagram, to)

    def _take_reply(self, reply: Message) -> None:
        waiting = self._waiting.get((reply.branch, reply.sequence_method))
        if waiting is not None:
            waiting.put_nowait(reply)
        elif reply.status >= 200 and reply.branch in self._acknowledgements:
            self.send(*self._acknowledgements[reply.branch])

    def _take_request(self, request: Message, source: Address) -> None:
        repeated = self._answered.get((request.branch, request.method))
        if repeated is not None and request.method != "ACK" and self._transport is not None:
            self._transport.sendto(*repeated)
            return
        self._on_request(request, source)


async def _next(replies: asyncio.Queue[Message], seconds: float | None) -> Message | None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None if seconds is None else max(seconds, 0)):
            return await replies.get()
    return None


def _refusal_acknowledged(invite: Message, refusal: Message) -> Message:
    """The ACK of a refused INVITE: part of the INVITE's transaction, with the same branch and the To of the refusal."""
    kept = tuple(
        (name, value) for name, value in invite.headers if name.lower() in ("via", "max-forwards", "route", "call-id")
    )
    headers = (
        *kept,
        ("From", invite.header("from")),
        ("To", refusal.header("to")),
        ("CSeq", f"{invite.sequence} ACK"),
    )
    return replace(invite, method="ACK", headers=headers, body=b"")

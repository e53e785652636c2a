"""A stand-in for a bad network: a UDP relay between two addresses that drops, doubles and swaps datagrams on demand."""

import asyncio
from collections.abc import Callable
from enum import StrEnum

from tools.softphone.sip import Address


class Fate(StrEnum):
    """What becomes of a datagram."""

    PASSED = "passed"
    LOST = "lost"
    DOUBLED = "doubled"
    HELD = "held"
    """Comes after the next one."""


Judge = Callable[[int, bytes], Fate]
"""The fate of the n-th datagram (from 0) of one direction."""


class LeakyWire(asyncio.DatagramProtocol):
    """Whoever sends to `address` is one end; `far` is the other. Each direction is counted by itself."""

    def __init__(self, far: Address, *, there: Judge, back: Judge) -> None:
        self._far = far
        self._near: Address | None = None
        self._judges = {True: there, False: back}
        self._counts = {True: 0, False: 0}
        self._held: dict[bool, bytes | None] = {True: None, False: None}
        self._transport: asyncio.DatagramTransport | None = None
        self.address: Address = ("", 0)
        self.lost = 0

    async def open(self) -> "LeakyWire":
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport
        self.address = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, addr: Address) -> None:
        onward = addr != self._far
        if onward:
            self._near = addr
        number, self._counts[onward] = self._counts[onward], self._counts[onward] + 1
        fate = self._judges[onward](number, data)
        to = self._far if onward else self._near
        if fate is Fate.LOST or to is None or self._transport is None:
            self.lost += 1
            return
        if fate is Fate.HELD:
            self._held[onward] = data
            return
        for _ in range(2 if fate is Fate.DOUBLED else 1):
            self._transport.sendto(data, to)
        if (held := self._held[onward]) is not None:
            self._held[onward] = None
            self._transport.sendto(held, to)

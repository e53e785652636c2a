"""The bad network does exactly what it is told."""

import asyncio
import socket

from tests.tools.leaky_wire import Fate, LeakyWire


async def test_datagrams_are_lost_doubled_and_swapped() -> None:
    loop = asyncio.get_running_loop()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
    ):
        for each in (near, far):
            each.bind(("127.0.0.1", 0))
            each.setblocking(False)
        fates = [Fate.PASSED, Fate.LOST, Fate.DOUBLED, Fate.HELD, Fate.PASSED]
        wire = await LeakyWire(far.getsockname(), there=lambda n, _: fates[n], back=lambda *_: Fate.PASSED).open()
        for letter in (b"a", b"b", b"c", b"d", b"e"):
            await loop.sock_sendto(near, letter, wire.address)
        heard = [await asyncio.wait_for(loop.sock_recv(far, 10), 1) for _ in range(5)]
        assert heard == [b"a", b"c", b"c", b"e", b"d"]
        assert wire.lost == 1
        await loop.sock_sendto(far, b"back", wire.address)
        assert await asyncio.wait_for(loop.sock_recv(near, 10), 1) == b"back"
        wire.close()

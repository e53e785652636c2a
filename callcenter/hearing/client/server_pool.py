"""Pool of recognition servers on this machine and others: load balancing and failover of legs.

A new leg is opened on the least loaded server and moves to another server when its own is lost. With one server the
pool only forwards to that server's client.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from callcenter.conducting.ports import CallMetrics
from callcenter.hearing.address import Address
from callcenter.hearing.client.client import LegEvent, RecognitionClient, RecognitionLeg
from callcenter.hearing.server.engine import RATE

log = structlog.get_logger()

OVERLOAD_LAG_SECONDS = 0.5
"""Lag in seconds from which a server is overloaded: it gets a new leg only when every other server is overloaded."""


class ServerPool:
    """Opens legs on the best of several servers. It connects only while `run` runs; legs may be opened before."""

    def __init__(self, addresses: Sequence[Address], *, metrics_recorder: CallMetrics | None = None) -> None:
        """`addresses` holds at least one address."""
        self.clients = tuple(
            RecognitionClient(address, failover_pool=self, metrics_recorder=metrics_recorder) for address in addresses
        )

    async def run(self) -> None:
        """Keep the connections to all servers until cancelled."""
        async with asyncio.TaskGroup() as group:
            for ear in self.clients:
                group.create_task(ear.run(), name=f"ear {ear.address}")

    def open_leg(
        self, on_event: Callable[[LegEvent], None], *, rate: int = RATE, phrases: tuple[str, ...] | None = None
    ) -> RecognitionLeg:
        """See RecognitionClient. While no server is connected, the leg waits for the first one that connects."""
        return (self._pick_client() or self.clients[0]).open_leg(on_event, rate=rate, phrases=phrases)

    def move_leg(self, leg: RecognitionLeg, why: str) -> bool:
        """See OtherServers."""
        ear = self._pick_client()
        if ear is None:
            return False
        ear.adopt_leg(leg, why)
        log.info("a leg moves to another ear", to=str(ear.address))
        return True

    def adopt_waiting_legs(self, ear: RecognitionClient) -> None:
        """See OtherServers."""
        for other in self.clients:
            if not other.connected:
                for leg in other.legs:
                    ear.adopt_leg(leg, None)

    def _pick_client(self) -> RecognitionClient | None:
        return min((ear for ear in self.clients if ear.connected), key=_rank_by_load, default=None)


def _rank_by_load(ear: RecognitionClient) -> tuple[bool, int]:
    """Sort key: overloaded servers last, then by number of legs.

    The number is the higher of two counts. The server's State includes the legs of other clients, but may be half a
    second old; the client's own count is current.
    """
    lag, legs = (0.0, 0) if ear.state is None else (ear.state.lag, ear.state.legs)
    return lag >= OVERLOAD_LAG_SECONDS, max(legs, len(ear.legs))

"""Several ears as one, on this machine and on others: each leg is opened at the least laden ear and moves to another
when that one is lost. With one ear this is its client and nothing more.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from callcenter.conducting.ports import CallMetrics
from callcenter.hearing.address import Address
from callcenter.hearing.client.client import RecognitionClient, RecognitionLeg, Told
from callcenter.hearing.server.engine import RATE

log = structlog.get_logger()

LATE_SECONDS = 0.5
"""An ear that lags so far has enough to do; it gets a leg only when all others lag, too."""


class ServerPool:
    """Nothing happens before `run`."""

    def __init__(self, addresses: Sequence[Address], *, metrics_recorder: CallMetrics | None = None) -> None:
        """At least one address."""
        self.clients = tuple(
            RecognitionClient(address, failover_pool=self, metrics_recorder=metrics_recorder) for address in addresses
        )

    async def run(self) -> None:
        """Keeps the connections until cancelled."""
        async with asyncio.TaskGroup() as group:
            for ear in self.clients:
                group.create_task(ear.run(), name=f"ear {ear.address}")

    def open_leg(
        self, on_event: Callable[[Told], None], *, rate: int = RATE, phrases: tuple[str, ...] | None = None
    ) -> RecognitionLeg:
        """See RecognitionClient. While no ear hears, the leg waits for the first that does."""
        return (self._pick_client() or self.clients[0]).open_leg(on_event, rate=rate, phrases=phrases)

    def move_leg(self, leg: RecognitionLeg, why: str) -> bool:
        """See Neighbours."""
        ear = self._pick_client()
        if ear is None:
            return False
        ear.adopt_leg(leg, why)
        log.info("a leg moves to another ear", to=str(ear.address))
        return True

    def adopt_waiting_legs(self, ear: RecognitionClient) -> None:
        """See Neighbours: legs that wait at an ear which is away wait no longer."""
        for other in self.clients:
            if not other.connected:
                for leg in other.legs:
                    ear.adopt_leg(leg, None)

    def _pick_client(self) -> RecognitionClient | None:
        return min((ear for ear in self.clients if ear.connected), key=_rank_by_load, default=None)


def _rank_by_load(ear: RecognitionClient) -> tuple[bool, int]:
    """Its own word about itself is half a second old, and counts the legs of other centres, too."""
    lag, legs = (0.0, 0) if ear.state is None else (ear.state.lag, ear.state.legs)
    return lag >= LATE_SECONDS, max(legs, len(ear.legs))

"""Time in a replay is what the tape says: the loop's own stands still, so that no timer of ours fires by itself."""

import asyncio
from datetime import datetime

_IDLE_ROUNDS = 40
"""More turns of the loop than any chain of our tasks needs to come to rest: nothing here waits for a socket."""


class FrozenTimeLoop(asyncio.SelectorEventLoop):
    """No time passes in it."""

    def time(self) -> float:
        return 0.0


async def settle() -> None:
    """Lets every task go on until it waits for something that only the tape can bring."""
    for _ in range(_IDLE_ROUNDS):
        await asyncio.sleep(0)


class TapeClock:
    """Implements `core.clock.Clock`: shows the moment of the line that is being played."""

    def __init__(self, start: datetime) -> None:
        self._now = self._start = start
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def set_time(self, at: datetime) -> None:
        """Somebody may have set the clock back while the call went on; monotonic time never goes back."""
        self._now = at
        self._monotonic = max(self._monotonic, (at - self._start).total_seconds())

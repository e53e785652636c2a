"""Time in a replay: the clock shows the tape's time, and the event loop's time stands still so that no timer fires."""

import asyncio
from datetime import datetime

_IDLE_ROUNDS = 40
"""Iterations of the event loop after which all tasks wait for the tape: more than any chain of tasks in a replay needs,
as no task waits for a socket."""


class FrozenTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is always 0."""

    def time(self) -> float:
        return 0.0


async def settle() -> None:
    """Lets every task run until it waits for an input from the tape."""
    for _ in range(_IDLE_ROUNDS):
        await asyncio.sleep(0)


class TapeClock:
    """Implements `core.clock.Clock`: shows the time of the tape line being played."""

    def __init__(self, start: datetime) -> None:
        self._now = self._start = start
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def set_time(self, at: datetime) -> None:
        """Sets the time. The tape's time may step back (the system clock was set back); monotonic time never does."""
        self._now = at
        self._monotonic = max(self._monotonic, (at - self._start).total_seconds())

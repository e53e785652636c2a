"""A clock that moves only when the test says so."""

from datetime import UTC, datetime, timedelta

MORNING = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
"""A Tuesday, nine o'clock in Moscow."""


class FakeClock:
    """Stands at `start` until it is moved; its monotonic time moves along."""

    def __init__(self, start: datetime = MORNING) -> None:
        self._now = start
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, **span: float) -> datetime:
        """Moves forward by `timedelta(**span)`; returns the new moment."""
        step = timedelta(**span)
        if step < timedelta():
            raise ValueError("a clock of tests never goes back")
        self._now += step
        self._monotonic += step.total_seconds()
        return self._now

    def jump(self, **span: float) -> datetime:
        """Somebody sets the wall clock, forward or back; no time passes. Returns the new moment."""
        self._now += timedelta(**span)
        return self._now

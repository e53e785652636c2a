"""How many callbacks were made in time. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CallbackFigures:
    """Calls that had to be made back. `waiting`: not done, with time left."""

    in_time: int
    late: int
    waiting: int

    @property
    def in_time_rate(self) -> float | None:
        """In time / (in time + late); None when there were neither."""
        done = self.in_time + self.late
        return self.in_time / done if done else None


def count_callbacks(terms: Iterable[tuple[datetime, datetime | None]], *, now: datetime) -> CallbackFigures:
    """From pairs of (due at, done at)."""
    in_time = late = waiting = 0
    for due_at, done_at in terms:
        if done_at is not None and done_at <= due_at:
            in_time += 1
        elif done_at is None and now <= due_at:
            waiting += 1
        else:
            late += 1
    return CallbackFigures(in_time, late, waiting)

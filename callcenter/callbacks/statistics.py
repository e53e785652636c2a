"""Counts callbacks made in time, late or still waiting. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CallbackFigures:
    """Numbers of callbacks. `late`: done after the term, or not done and past it; `waiting`: not done, term not
    over."""

    in_time: int
    late: int
    waiting: int

    @property
    def in_time_rate(self) -> float | None:
        """in_time / (in_time + late); None when both are 0."""
        done = self.in_time + self.late
        return self.in_time / done if done else None


def count_callbacks(terms: Iterable[tuple[datetime, datetime | None]], *, now: datetime) -> CallbackFigures:
    """Counts callbacks given as pairs (due_at, done_at or None)."""
    in_time = late = waiting = 0
    for due_at, done_at in terms:
        if done_at is not None and done_at <= due_at:
            in_time += 1
        elif done_at is None and now <= due_at:
            waiting += 1
        else:
            late += 1
    return CallbackFigures(in_time, late, waiting)

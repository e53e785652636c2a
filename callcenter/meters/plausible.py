"""Whether a reading can be: against the one before it and against what a flat uses."""

import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

from callcenter.meters.models import MeterKind, MeterReading

MONTH = timedelta(days=30)


class Doubt(StrEnum):
    """Why a reading is asked about once more."""

    LESS = "less"
    """Less than the last: a meter doesn't turn back, unless it was replaced."""
    MUCH = "much"
    """More than a flat uses in that time: see limits.toml."""


def find_doubt(kind: MeterKind, value: int, last: MeterReading | None, *, now: datetime) -> Doubt | None:
    """What is odd about a reading; None for the first one of a meter, there is nothing to hold it against."""
    if last is None:
        return None
    if value < last.value:
        return Doubt.LESS
    months = max(1.0, (now - last.taken_at) / MONTH)
    return Doubt.MUCH if value - last.value > read_limits()[kind] * months else None


@cache
def read_limits() -> Mapping[MeterKind, int]:
    """Cubic metres or kilowatt-hours a month, by kind."""
    limits = tomllib.loads(Path(__file__).with_name("limits.toml").read_text(encoding="utf-8"))
    return {MeterKind(kind): int(limit) for kind, limit in limits.items()}

"""Whether a reading can be: against the one before it and against what a flat uses."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

from callcenter.meters.models import MeterKind, MeterReading

MONTH = timedelta(days=30)


class ReadingDoubt(StrEnum):
    """Why a reading is asked about once more."""

    DECREASED = "less"
    """Less than the last: a meter doesn't turn back, unless it was replaced."""
    EXCESSIVE = "much"
    """More than a flat uses in that time: see limits.toml."""


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """Of a kind of meter: the most that a flat uses a month, cubic metres or kilowatt-hours, and a meter's life."""

    monthly_usage: int
    lifetime_years: int


def find_doubt(kind: MeterKind, value: int, last: MeterReading | None, *, now: datetime) -> ReadingDoubt | None:
    """What is odd about a reading. A meter's first one is held against all that it may have counted in its life."""
    limits = read_limits()[kind]
    if last is None:
        return ReadingDoubt.EXCESSIVE if value > limits.monthly_usage * 12 * limits.lifetime_years else None
    if value < last.value:
        return ReadingDoubt.DECREASED
    months = max(1.0, (now - last.taken_at) / MONTH)
    return ReadingDoubt.EXCESSIVE if value - last.value > limits.monthly_usage * months else None


@cache
def read_limits() -> Mapping[MeterKind, ReadingLimits]:
    """By kind."""
    limits = tomllib.loads(Path(__file__).with_name("limits.toml").read_text(encoding="utf-8"))
    return {kind: ReadingLimits(int(limits["month"][kind]), int(limits["years"][kind])) for kind in MeterKind}

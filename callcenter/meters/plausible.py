"""Checks whether a meter reading is plausible, by the previous reading and the usual consumption of a flat."""

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
    """Why the caller is asked to confirm a reading."""

    DECREASED = "less"
    """Less than the last reading: a meter does not run backwards, unless it was replaced."""
    EXCESSIVE = "much"
    """More than a flat uses since the last reading; without one, in the service life of the meter (limits.toml)."""


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """Limits of a kind of meter: the most that a flat uses a month, in cubic meters or kWh, and the service life."""

    monthly_usage: int
    lifetime_years: int


def find_doubt(kind: MeterKind, value: int, last: MeterReading | None, *, now: datetime) -> ReadingDoubt | None:
    """Returns why the reading `value` is implausible, or None.

    The increase since `last` is compared with the monthly limit times the months passed, at least one. Without `last`
    the reading itself is compared with the monthly limit times the whole service life.
    """
    limits = read_limits()[kind]
    if last is None:
        return ReadingDoubt.EXCESSIVE if value > limits.monthly_usage * 12 * limits.lifetime_years else None
    if value < last.value:
        return ReadingDoubt.DECREASED
    months = max(1.0, (now - last.taken_at) / MONTH)
    return ReadingDoubt.EXCESSIVE if value - last.value > limits.monthly_usage * months else None


@cache
def read_limits() -> Mapping[MeterKind, ReadingLimits]:
    """Returns the limits of limits.toml by kind of meter."""
    limits = tomllib.loads(Path(__file__).with_name("limits.toml").read_text(encoding="utf-8"))
    return {kind: ReadingLimits(int(limits["month"][kind]), int(limits["years"][kind])) for kind in MeterKind}

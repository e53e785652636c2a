"""The terms of the queue, read from `terms.toml` beside this file."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MissedCallTerm:
    """Both spans run from the arrival of the call, not from its end."""

    due_after: timedelta
    warn_after: timedelta
    basis: str


@cache
def missed_call_term() -> MissedCallTerm:
    """How soon a missed call must be made back."""
    with Path(__file__).with_name("terms.toml").open("rb") as file:
        term = tomllib.load(file)["missed_call"]
    return MissedCallTerm(
        due_after=timedelta(minutes=term["minutes"]),
        warn_after=timedelta(minutes=term["warn_after_minutes"]),
        basis=term["basis"],
    )

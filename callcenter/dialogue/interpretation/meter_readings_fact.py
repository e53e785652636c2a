"""Readings of meters as a fact of the talk: spoken as they are written."""

from collections.abc import Mapping

from callcenter.understanding.numbers.meter_readings import AND
from callcenter.wording.labels import labels

METERS: Mapping[str, str] = labels()["meter"]
"""A `MeterKind` -> how the talk calls it."""
_KINDS = {name: kind for kind, name in METERS.items()}


def format_readings(readings: Mapping[str, str]) -> str:
    """`холодная вода 212, горячая вода 103`, of two told for one kind `холодная вода 20 и 30`; empty for none."""
    return ", ".join(f"{METERS[kind]} {readings[kind]}" for kind in METERS if kind in readings)


def parse_readings(written: str) -> dict[str, str]:
    """The readings of `format_readings`; a piece that can't be read is left out."""
    pieces = ((kind, piece.removeprefix(f"{name} ")) for piece in written.split(", ") for name, kind in _KINDS.items())
    return {kind: value for kind, value in pieces if all(one.isdecimal() for one in value.split(AND))}

"""The fact `показания`: meter readings as text, which is also spoken as it is."""

from collections.abc import Mapping

from callcenter.understanding.numbers.meter_readings import AND
from callcenter.wording.labels import labels

METERS: Mapping[str, str] = labels()["meter"]
"""`MeterKind` -> the name of the meter in a conversation."""
_KINDS = {name: kind for kind, name in METERS.items()}


def format_readings(readings: Mapping[str, str]) -> str:
    """`холодная вода 212, горячая вода 103`; two readings of one kind: `холодная вода 20 и 30`; empty for none."""
    return ", ".join(f"{METERS[kind]} {readings[kind]}" for kind in METERS if kind in readings)


def parse_readings(written: str) -> dict[str, str]:
    """Parses the result of `format_readings`: `MeterKind` -> reading. Drops parts that cannot be parsed."""
    pieces = ((kind, piece.removeprefix(f"{name} ")) for piece in written.split(", ") for name, kind in _KINDS.items())
    return {kind: value for kind, value in pieces if all(one.isdecimal() for one in value.split(AND))}

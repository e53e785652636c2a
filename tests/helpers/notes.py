"""Notes of one call, numbered in their order."""

from datetime import timedelta
from typing import Any

from callcenter.journal.notes import Note
from tests.stand_ins.clock import MORNING

CALL = "b1-17.7"


def note(number: int, kind: str = "key", **facts: Any) -> Note:
    return Note(f"n{number}", CALL, MORNING + timedelta(milliseconds=number), kind, {"number": number, **facts})

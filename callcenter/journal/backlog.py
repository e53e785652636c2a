"""Measures how many notes of the journal are not yet applied to the database. Reads the files only, because the backlog
grows while the database is unavailable."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from callcenter.journal.notes import JournalPosition, read_lines, segment_file, segments


@dataclass(frozen=True, slots=True)
class Backlog:
    """`notes`: number of unapplied notes. `since`: when the oldest was written; None if there is none, or its line is
    damaged."""

    notes: int
    since: datetime | None


def measure_backlog(directory: Path, applied: JournalPosition | None) -> Backlog:
    """`applied`: the position up to which the notes were applied at the last database query. It cannot advance while
    the database is unavailable.

    With None every note on disk is counted, including up to one segment of notes already applied.
    """
    notes = 0
    for number in segments(directory):
        if applied is not None and number < applied.segment:
            continue
        offset = applied.offset if applied is not None and number == applied.segment else 0
        with contextlib.suppress(FileNotFoundError), segment_file(directory, number).open("rb") as file:  # or trimmed
            file.seek(offset)
            notes += sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 16), b""))
    oldest = read_lines(directory, applied, limit=1)
    note = oldest[0].note if oldest else None
    return Backlog(notes, note.at if note is not None else None)

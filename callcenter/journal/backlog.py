"""How much of the journal waits for the database. Read from the files: it grows while the database is away."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from callcenter.journal.notes import JournalPosition, read_lines, segment_file, segments


@dataclass(frozen=True, slots=True)
class Backlog:
    """`since`: when the oldest of these notes was written; None when there is none, or when it cannot be read."""

    notes: int
    since: datetime | None


def measure_backlog(directory: Path, applied: JournalPosition | None) -> Backlog:
    """`applied`: how far the notes were applied when the database was last asked, which is as far as they are.

    None counts all notes on disk, a segment's worth of applied ones among them.
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

"""Notes kept in a list, so that a test can read what the robot wrote."""

from typing import Any

from callcenter.journal.notes import Note


class KeptNotes:
    def __init__(self) -> None:
        self.notes: list[Note] = []

    def write(self, note: Note) -> None:
        self.notes.append(note)

    def kinds(self, call_id: str) -> list[str]:
        return [note.kind for note in self.notes if note.call_id == call_id]

    def facts(self, call_id: str, kind: str) -> list[dict[str, Any]]:
        """The facts of every note of a kind."""
        return [note.facts for note in self.notes if note.call_id == call_id and note.kind == kind]

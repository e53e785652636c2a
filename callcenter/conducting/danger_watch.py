"""Words of danger where no robot listens: in the queue and in the talk with a dispatcher.

The robot has done with such a call, so nothing is asked; the note marks the call and raises the alarm on the board,
unless somebody knows of the danger already.
"""

from collections.abc import Callable

from callcenter.conducting.action_specs import CATEGORY
from callcenter.conducting.ports import NoteBook
from callcenter.core.clock import Clock
from callcenter.core.ids import new_id
from callcenter.dialogue.phrases import find_phrase
from callcenter.dialogue.script import Answer
from callcenter.intake.notes import Note


class DangerWatch:
    """`dangers` gives those of the script in force."""

    def __init__(self, dangers: Callable[[], tuple[Answer, ...]], *, notes: NoteBook, clock: Clock) -> None:
        self._dangers = dangers
        self._notes = notes
        self._clock = clock

    def hear(self, call_id: str, text: str) -> bool:
        """Whether danger is among the caller's words, which may still change. Whoever asks asks no more then."""
        for danger in self._dangers():
            if (found := find_phrase(danger.phrases, text)) is not None:
                facts = {"category": dict(danger.remember).get(CATEGORY, ""), "heard": found.source}
                self._notes.write(Note(new_id(), call_id, self._clock.now(), "danger", facts))
                return True
        return False

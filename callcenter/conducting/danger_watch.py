"""Detects danger in the caller's speech after the robot: in the queue and in the conversation with a dispatcher.

The caller is not asked anything. The written note marks the call as dangerous and raises an alarm on the board, unless
the call is already marked.
"""

from collections.abc import Callable

from callcenter.conducting.action_specs import CATEGORY
from callcenter.conducting.ports import NoteWriter
from callcenter.core.clock import Clock
from callcenter.core.event_kinds import EventKind
from callcenter.core.ids import new_id
from callcenter.dialogue.engine.dangers import find_dangers
from callcenter.dialogue.interpretation.interpretation import Interpreter, NullInterpreter
from callcenter.dialogue.scripts.script import Answer
from callcenter.journal.notes import Note


class DangerWatch:
    """`dangers` returns the dangers of the script in force, `get_interpreter` the interpreter that recognizes them."""

    def __init__(
        self,
        dangers: Callable[[], tuple[Answer, ...]],
        *,
        notes: NoteWriter,
        clock: Clock,
        get_interpreter: Callable[[], Interpreter] = NullInterpreter,
    ) -> None:
        self._dangers = dangers
        self._mind = get_interpreter
        self._notes = notes
        self._clock = clock

    def check_utterance(self, call_id: str, text: str) -> bool:
        """Writes a note and returns True when `text` mentions a danger. `text` may be a partial recognition result.

        After True the call needs no further checks.
        """
        for danger, told in find_dangers(self._dangers(), self._mind(), text, whole=False):
            facts = {"category": dict(danger.remembered_facts).get(CATEGORY, ""), "heard": told}
            self._notes.write(Note(new_id(), call_id, self._clock.now(), EventKind.DANGER, facts))
            return True
        return False

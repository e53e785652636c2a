"""Words of danger where no robot listens: in the queue and in the talk with a dispatcher.

The robot has done with such a call, so nothing is asked; the note marks the call and raises the alarm on the board,
unless somebody knows of the danger already.
"""

from collections.abc import Callable

from callcenter.conducting.action_specs import CATEGORY
from callcenter.conducting.ports import NoteWriter
from callcenter.core.clock import Clock
from callcenter.core.ids import new_id
from callcenter.dialogue.engine.dangers import find_dangers
from callcenter.dialogue.interpretation.interpretation import Interpreter, NullInterpreter
from callcenter.dialogue.scripts.script import Answer
from callcenter.journal.notes import Note


class DangerWatch:
    """`dangers` gives those of the script in force, `mind` what understands them."""

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
        """Whether danger is among the caller's words, which may still change. Whoever asks asks no more then."""
        for danger, told in find_dangers(self._dangers(), self._mind(), text, whole=False):
            facts = {"category": dict(danger.remembered_facts).get(CATEGORY, ""), "heard": told}
            self._notes.write(Note(new_id(), call_id, self._clock.now(), "danger", facts))
            return True
        return False

"""What a call is told besides Asterisk's words goes onto its tape: letters, sounds, outcomes of actions, notes.

A replay has no voice, no database and no clock of its own; it takes all of that from here.
"""

from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

from callcenter.conducting.caller import Arrival
from callcenter.conducting.line import Edges
from callcenter.conducting.ports import ActionResult, Actions, NoteBook, Prompts
from callcenter.intake.notes import Note
from callcenter.intake.tape import NO_TAPE, Source, Tape

Result = TypeVar("Result")


def taped(edges: Edges, call_id: str) -> Edges:
    """The edges of one call, with its tape running."""
    if edges.tape is NO_TAPE:
        return edges
    return replace(
        edges,
        prompts=_TapedPrompts(edges.prompts, edges.tape, call_id),
        actions=_TapedActions(edges.actions, edges.tape, call_id),
    )


@dataclass(frozen=True, slots=True)
class TapedNotes:
    """A note book whose notes are on the tapes too. `source`: NOTE, or ACTION_NOTE for the one the actions write in."""

    notes: NoteBook
    tape: Tape
    source: Source

    def write(self, note: Note) -> None:
        self.notes.write(note)
        self.tape.keep(self.source, {"kind": note.kind, "facts": note.facts}, call_id=note.call_id)


@dataclass(frozen=True, slots=True)
class _TapedPrompts:
    prompts: Prompts
    tape: Tape
    call_id: str

    async def sound(self, text: str) -> str:
        asked = {"text": text}
        sound = await _or_failure(self.prompts.sound(text), asked, Source.PROMPT, self.tape, self.call_id)
        self.tape.keep(Source.PROMPT, {**asked, "sound": sound}, call_id=self.call_id)
        return sound

    async def prepare(self, texts: Iterable[str]) -> object:
        return await self.prompts.prepare(texts)


@dataclass(frozen=True, slots=True)
class _TapedActions:
    actions: Actions
    tape: Tape
    call_id: str

    async def carry_out(self, action: str, *, arrival: Arrival, arguments: Mapping[str, str]) -> ActionResult:
        asked = {"action": action, "arguments": dict(arguments)}
        work = self.actions.carry_out(action, arrival=arrival, arguments=arguments)
        done = await _or_failure(work, asked, Source.ACTION, self.tape, self.call_id)
        self.tape.keep(Source.ACTION, {**asked, **asdict(done), "facts": dict(done.facts)}, call_id=self.call_id)
        return done


async def _or_failure(
    work: Awaitable[Result], asked: Mapping[str, object], source: Source, tape: Tape, call_id: str
) -> Result:
    """The result; a failure, and being cancelled for taking too long, goes onto the tape."""
    try:
        return await work
    except BaseException as error:
        tape.keep(source, {**asked, "failure": f"{type(error).__name__}: {error}"}, call_id=call_id)
        raise

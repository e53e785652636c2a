"""Records on a call's tape the results of its prompts and actions, and its notes.

A replay has no speech synthesis, database or clock of its own: it takes these results from the tape.
"""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from callcenter.conducting.caller import Arrival
from callcenter.conducting.deadline import run_within
from callcenter.conducting.line import LinePorts
from callcenter.conducting.ports import ActionResult, Actions, NoteWriter, Prompts
from callcenter.journal.notes import Note
from callcenter.journal.tape import NO_TAPE, Tape, TapeSource

Result = TypeVar("Result")

_TIMEOUT_SHARE = 0.95
"""Share of the line's timeout. Less than 1, so that a timeout is on the tape before the line's reaction to it."""


def with_tape(edges: LinePorts, call_id: str) -> LinePorts:
    """The ports of one call, wrapped so that prompts and actions are recorded on its tape."""
    if edges.tape is NO_TAPE:
        return edges
    asking = _TapedRequest(edges.tape, call_id, edges.timeout_seconds * _TIMEOUT_SHARE)
    return replace(
        edges,
        prompts=_TapedPrompts(edges.prompts, asking),
        actions=_TapedActions(edges.actions, asking),
    )


@dataclass(frozen=True, slots=True)
class TapedNotes:
    """A note writer that also records the notes on the tape. `source`: NOTE, or ACTION_NOTE for notes of actions."""

    notes: NoteWriter
    tape: Tape
    source: TapeSource

    def write(self, note: Note) -> None:
        self.notes.write(note)
        self.tape.record_line(self.source, {"kind": note.kind, "facts": note.facts}, call_id=note.call_id)


@dataclass(frozen=True, slots=True)
class _TapedRequest:
    """Awaits a request and records its result or failure on the tape of a call."""

    tape: Tape
    call_id: str
    seconds: float

    async def ask(
        self,
        source: TapeSource,
        asked: Mapping[str, object],
        work: Coroutine[Any, Any, Result],
        tell: Callable[[Result], Mapping[str, object]],
    ) -> Result:
        """Returns the result of `work`. `tell` converts it to tape fields. A failure is recorded and raised."""
        try:
            result = await run_within(self.seconds, work)
        except BaseException as error:
            self.tape.record_line(
                source, {**asked, "failure": f"{type(error).__name__}: {error}"}, call_id=self.call_id
            )
            raise
        self.tape.record_line(source, {**asked, **tell(result)}, call_id=self.call_id)
        return result


@dataclass(frozen=True, slots=True)
class _TapedPrompts:
    prompts: Prompts
    asking: _TapedRequest

    async def get_sound_path(self, text: str) -> str:
        work = self.prompts.get_sound_path(text)
        return await self.asking.ask(TapeSource.PROMPT, {"text": text}, work, lambda sound: {"sound": sound})

    async def prepare(self, texts: Iterable[str]) -> object:
        return await self.prompts.prepare(texts)


@dataclass(frozen=True, slots=True)
class _TapedActions:
    actions: Actions
    asking: _TapedRequest

    async def run_action(self, action: str, *, arrival: Arrival, arguments: Mapping[str, str]) -> ActionResult:
        asked = {"action": action, "arguments": dict(arguments)}
        work = self.actions.run_action(action, arrival=arrival, arguments=arguments)
        return await self.asking.ask(
            TapeSource.ACTION, asked, work, lambda done: {"outcome": done.outcome, "facts": dict(done.facts)}
        )

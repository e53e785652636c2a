"""What the calls of a replay ask for: requests to Asterisk, sounds, actions; and what they write down.

Stand-ins for the voice, the actions, the note book and Asterisk's side of ARI. Each asks nobody: what it is asked
becomes an `ReplayOutput`, and whoever asked waits until the tape gives the answer.
"""

import asyncio
import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from callcenter.conducting.caller import Arrival
from callcenter.conducting.ports import ActionResult
from callcenter.core.errors import CallcenterError
from callcenter.journal.notes import Note
from callcenter.journal.tape import TapeSource
from callcenter.telephony.ari.transport import Reply

CONDUCTING = frozenset({"play", "playbacks", "silence", "variable", "continue"})
"""The requests that conduct a call and must come out again. Renewals of the lease go by the clock and are not among
them; nor are taps and media channels, which a replay has none of."""


class RecordedFailure(CallcenterError):
    """It failed on the tape, so it fails again."""


@dataclass(frozen=True, slots=True)
class AriRequest:
    """A request to ARI. `operation` is one of CONDUCTING, or None when it conducts nothing."""

    method: str
    path: str
    parameters: Mapping[str, str]

    @property
    def operation(self) -> str | None:
        parts = self.path.strip("/").split("/")
        verb = parts[0] if parts[0] == "playbacks" else parts[2] if len(parts) > 2 else None
        return verb if self.method != "GET" and verb in CONDUCTING else None

    @property
    def playback_id(self) -> str | None:
        """The id of the playback it is about."""
        return self.path.rpartition("/")[2] if self.operation in ("play", "playbacks") else None

    @property
    def comparable_parts(self) -> tuple[str, dict[str, str]]:
        """All of it but that id."""
        path = self.path.rpartition("/")[0] if self.playback_id else self.path
        return f"{self.method} {path}", dict(self.parameters)

    def __str__(self) -> str:
        parameters = " ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.comparable_parts[0]} {parameters}".strip()


@dataclass(frozen=True, slots=True, eq=False)
class ReplayOutput:
    """Something that came out of the replay. `reply_future` is set when somebody waits for one."""

    source: TapeSource
    content: Any
    """Of a request the `AriRequest`, else what the tape's line must hold."""
    reply_future: "asyncio.Future[Any] | None" = None

    def __str__(self) -> str:
        if isinstance(self.content, AriRequest):
            return str(self.content)
        return f"{self.source} {json.dumps(self.content, ensure_ascii=False)}"


@dataclass
class RecordedExchange:
    """`outputs`: what came out and has not been looked for on the tape yet; `letters`: what the router posted.

    Implements `wire.AriTransport`, `ports.Prompts`, `ports.Actions`, `ports.NoteWriter`, `tape.Tape`.
    """

    outputs: deque[ReplayOutput] = field(default_factory=deque)
    letters: deque[Mapping[str, Any]] = field(default_factory=deque)
    lease_expired: bool = False

    async def send_request(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Reply:
        asked = AriRequest(method, unquote(path), dict(parameters or {}))
        if asked.method == "GET":
            return Reply(200, json.dumps({"value": "0" if self.lease_expired else "1"}))
        if asked.operation is None:
            return Reply(204, "")
        reply: Reply = await self._ask(TapeSource.REQUEST, asked)
        return reply

    async def close(self) -> None:
        """There is nothing to close."""

    async def get_sound_path(self, text: str) -> str:
        sound: str = await self._ask(TapeSource.PROMPT, {"text": text})
        return sound

    async def prepare(self, texts: Iterable[str]) -> None:
        """Nothing: a tape has the sounds of its call."""

    async def run_action(self, action: str, *, arrival: Arrival, arguments: Mapping[str, str]) -> ActionResult:
        done: ActionResult = await self._ask(TapeSource.ACTION, {"action": action, "arguments": dict(arguments)})
        return done

    def write(self, note: Note) -> None:
        facts = json.loads(json.dumps(note.facts, default=str))
        self.outputs.append(ReplayOutput(TapeSource.NOTE, {"kind": note.kind, "facts": facts}))

    def record_line(
        self, source: TapeSource, content: Mapping[str, Any] | str | bytes, *, call_id: str | None = None
    ) -> None:
        if source is TapeSource.LETTER and isinstance(content, Mapping):
            self.letters.append(content)

    async def _ask(self, source: TapeSource, what: Any) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.outputs.append(ReplayOutput(source, what, answer))
        return await answer


def answer_request(output: ReplayOutput, content: Mapping[str, Any]) -> None:
    """Gives the reply that stands on the tape."""
    if output.reply_future is None or output.reply_future.done():
        return
    if "failure" in content:
        output.reply_future.set_exception(ConnectionError(str(content["failure"])))
    else:
        output.reply_future.set_result(Reply(content["status"], content.get("body") or ""))


def answer_prompt(output: ReplayOutput, content: Mapping[str, Any]) -> None:
    if output.reply_future is not None and not _apply_recorded_failure(output, content):
        output.reply_future.set_result(content["sound"])


def answer_action(output: ReplayOutput, content: Mapping[str, Any]) -> None:
    if output.reply_future is not None and not _apply_recorded_failure(output, content):
        output.reply_future.set_result(ActionResult(content["outcome"], content["facts"]))


def let_go(output: ReplayOutput) -> None:
    """Something that is not on the tape goes well, so that the replay goes on."""
    match output.source:
        case TapeSource.REQUEST:
            answer_request(output, {"status": 204})
        case TapeSource.PROMPT:
            answer_prompt(output, {"sound": "?"})
        case TapeSource.ACTION:
            answer_action(output, {"outcome": "?", "facts": {}})


def _apply_recorded_failure(output: ReplayOutput, content: Mapping[str, Any]) -> bool:
    """True when it failed on the tape. One that was cancelled took too long."""
    failure = content.get("failure")
    if failure is None or output.reply_future is None:
        return failure is not None
    slow = failure.startswith(("CancelledError", "TimeoutError"))
    output.reply_future.set_exception(TimeoutError(failure) if slow else RecordedFailure(failure))
    return True

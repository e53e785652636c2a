"""Replacements for the external services during a replay: speech synthesis, actions, the journal and Asterisk's ARI.

A request to a replacement becomes a `ReplayOutput`, and the requester waits until the player answers from the tape.
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

COMPARED_OPERATIONS = frozenset({"play", "playbacks", "silence", "variable", "continue"})
"""The operations of ARI requests that a replay compares. Lease renewals are not compared, because they depend on the
clock; nor are requests for taps and media channels, because a replay has none."""


class RecordedFailure(CallcenterError):
    """A prompt or action failed on the tape, so it fails in the replay."""


@dataclass(frozen=True, slots=True)
class AriRequest:
    """A request to ARI. `operation` is one of CONDUCTING; None for a request that is not compared."""

    method: str
    path: str
    parameters: Mapping[str, str]

    @property
    def operation(self) -> str | None:
        parts = self.path.strip("/").split("/")
        verb = parts[0] if parts[0] == "playbacks" else parts[2] if len(parts) > 2 else None
        return verb if self.method != "GET" and verb in COMPARED_OPERATIONS else None

    @property
    def playback_id(self) -> str | None:
        """The playback id in the path; None when the request concerns no playback."""
        return self.path.rpartition("/")[2] if self.operation in ("play", "playbacks") else None

    @property
    def comparable_parts(self) -> tuple[str, dict[str, str]]:
        """Method with path, and parameters, without the playback id, which is new in every run."""
        path = self.path.rpartition("/")[0] if self.playback_id else self.path
        return f"{self.method} {path}", dict(self.parameters)

    def __str__(self) -> str:
        parameters = " ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.comparable_parts[0]} {parameters}".strip()


@dataclass(frozen=True, slots=True, eq=False)
class ReplayOutput:
    """One output of the replayed call. `reply_future` is None when no reply is expected."""

    source: TapeSource
    content: Any
    """The `AriRequest` of a request; for other sources, the fields that the tape's line must have."""
    reply_future: "asyncio.Future[Any] | None" = None

    def __str__(self) -> str:
        if isinstance(self.content, AriRequest):
            return str(self.content)
        return f"{self.source} {json.dumps(self.content, ensure_ascii=False)}"


@dataclass
class RecordedExchange:
    """Collects what the replayed call does. `outputs`: outputs not compared with the tape yet; `letters`: letters
    posted to the mailbox and not compared yet; `lease_expired`: whether lease renewals fail from now on.

    Implements `ari.transport.AriTransport`, `ports.Prompts`, `ports.Actions`, `ports.NoteWriter`, `tape.Tape`.
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
        """Does nothing: there is no connection."""

    async def get_sound_path(self, text: str) -> str:
        sound: str = await self._ask(TapeSource.PROMPT, {"text": text})
        return sound

    async def prepare(self, texts: Iterable[str]) -> None:
        """Does nothing: the tape has the sounds of its call."""

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
    """Answers a request with the reply recorded on the tape."""
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


def answer_with_success(output: ReplayOutput) -> None:
    """Answers an output that is not on the tape with success, so that the replay continues."""
    match output.source:
        case TapeSource.REQUEST:
            answer_request(output, {"status": 204})
        case TapeSource.PROMPT:
            answer_prompt(output, {"sound": "?"})
        case TapeSource.ACTION:
            answer_action(output, {"outcome": "?", "facts": {}})


def _apply_recorded_failure(output: ReplayOutput, content: Mapping[str, Any]) -> bool:
    """True when the output failed on the tape; then it fails again. A cancellation on the tape was a timeout."""
    failure = content.get("failure")
    if failure is None or output.reply_future is None:
        return failure is not None
    slow = failure.startswith(("CancelledError", "TimeoutError"))
    output.reply_future.set_exception(TimeoutError(failure) if slow else RecordedFailure(failure))
    return True

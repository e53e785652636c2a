"""Plays a tape: feeds the recorded inputs to the call in their order, and compares the call's outputs with the tape.

The real router, switchboard, line, conversation and ARI client run on an event loop without time and sockets. Inputs
are events, replies, sounds, outcomes of actions and timers' letters. Outputs are requests, prompts, actions and notes;
each output on the tape is looked up among the outputs produced since. After each input all tasks run until they wait
for the tape again, so replays are deterministic.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, get_args
from urllib.parse import unquote

from callcenter.conducting.line import Dialogue, LinePorts
from callcenter.conducting.mailbox import Key, Left, Letter, ListenEnded, SoundEnded
from callcenter.conducting.switchboard import Switchboard
from callcenter.journal.tape import TapeLine, TapeSource
from callcenter.replay.exchange import (
    AriRequest,
    RecordedExchange,
    ReplayOutput,
    answer_action,
    answer_prompt,
    answer_request,
    answer_with_success,
)
from callcenter.replay.frozen_time import TapeClock, settle
from callcenter.telephony.ari.client import AriClient
from callcenter.telephony.ari.generated import parse_event
from callcenter.telephony.ari.phone import AriPhone
from callcenter.telephony.ari.router import Playbacks, Router

_LETTERS = {kind.__name__: kind for kind in get_args(Letter)}
_ROUTER_LETTERS = (Key.__name__, SoundEnded.__name__)
"""Letters that only an ARI event causes. `Left` is not among them: it has other causes too, e.g. a reconnect."""
_IDLE_LETTER = ListenEnded(turn=-1)
"""A letter without effect: it only makes the line retry its pending commands."""
_CHANNEL_GONE_STATUSES = (404, 409, 422)
_LOOKAHEAD_LINES = 16
"""Number of the tape's next output lines in which an output that came too early is looked up. A larger number accepts
outputs that are further out of order."""


@dataclass(frozen=True, slots=True)
class ReplayDifference:
    """A deviation of the replay from the tape. `line_number` counts the tape's lines from 1; `description` is Russian
    text for people."""

    line_number: int
    description: str

    def __str__(self) -> str:
        return f"строка {self.line_number}: {self.description}"


class TapePlayer:
    """Plays one tape once."""

    def __init__(self, call_id: str, lines: Sequence[TapeLine], conversation: Dialogue, *, lease_seconds: int) -> None:
        self.differences: list[ReplayDifference] = []
        self.note_kinds: set[str] = set()
        """The kinds of the notes that the replayed call wrote."""
        self._call_id = call_id
        self._lines = lines
        self._conversation = conversation
        self._lease_seconds = lease_seconds
        self._clock = TapeClock(lines[0].at)
        self._pending_lines = [line for line in lines if _is_output(line)]
        self._aliases: dict[str, str] = {}
        """Playback id on the tape -> id of the same playback in the replay."""
        self._unanswered: dict[int, ReplayOutput] = {}
        self._lost_renewals = _find_lost_renewals(lines)

    async def play(self) -> None:
        """Fills `differences` and `note_kinds`."""
        world: asyncio.Task[None] | None = None
        try:
            for line, following in zip(self._lines, (*self._lines[1:], None), strict=True):
                self._clock.set_time(line.at)
                if world is None or (line.source is TapeSource.TAPE and "resumed" in line.content):
                    await _cancel_task(world)
                    world = self._start_controller()
                    await settle()
                await self._play_line(line, following)
            await settle()
            for output in self._exchange.outputs:
                self._add_difference(self._lines[-1], f"сверх плёнки: {output}")
            for letter in self._exchange.letters:
                self._add_difference(self._lines[-1], f"сверх плёнки: {_describe_letter(letter)}")
        finally:
            await _cancel_task(world)

    def _start_controller(self) -> asyncio.Task[None]:
        """Starts a fresh controller without calls: at the tape's beginning, and where another controller took over."""
        self._exchange = RecordedExchange()
        ari = AriClient("http://tape", user="", password="", application="callcenter", wire=self._exchange)
        playbacks = Playbacks()
        edges = LinePorts(
            channel_control=AriPhone(ari, playbacks),
            prompts=self._exchange,
            notes=self._exchange,
            actions=self._exchange,
            clock=self._clock,
            lease_seconds=self._lease_seconds,
            tape=self._exchange,
        )
        self._switchboard = Switchboard(edges, start_conversation=lambda: self._conversation)
        self._router = Router(playbacks, admit=self._switchboard.admit, post=self._switchboard.post, clock=self._clock)
        return asyncio.create_task(self._run(ari))

    async def _run(self, ari: AriClient) -> None:
        async with ari:
            await self._switchboard.run()

    async def _play_line(self, line: TapeLine, following: TapeLine | None) -> None:
        content = line.content
        if following is not None and following.content.get("n") in self._lost_renewals:
            self._exchange.lease_expired = True  # the turn that this line starts asks for the renewal that fails
        match line.source:
            case TapeSource.EVENT:
                if following is None or following.source is not TapeSource.LETTER:
                    await settle()  # the event caused no letter: the call may have ended before, so let it end first
                self._play_event(content["event"])
            case TapeSource.LETTER:
                self._play_letter(line)
            case TapeSource.REQUEST:
                await self._match_request(line)
            case TapeSource.REPLY:
                await settle()
                self._play_reply(content)
            case TapeSource.PROMPT:
                if (output := await self._match_output(line, {"text": content["text"]})) is not None:
                    answer_prompt(output, content)
            case TapeSource.ACTION:
                asked = {"action": content["action"], "arguments": content["arguments"]}
                if (output := await self._match_output(line, asked)) is not None:
                    answer_action(output, content)
            case TapeSource.NOTE:
                await self._match_note(line)

    def _play_event(self, event: Mapping[str, Any]) -> None:
        playback = event.get("playback")
        if playback is not None:
            event = {**event, "playback": {**playback, "id": self._aliases.get(playback["id"], playback["id"])}}
        parsed = parse_event(event)
        if parsed is not None:
            self._router.route_event(parsed)

    def _play_letter(self, line: TapeLine) -> None:
        name, content = line.content["letter"], dict(line.content["fields"])
        if "playback_id" in content:
            content["playback_id"] = self._aliases.get(content["playback_id"], content["playback_id"])
        try:
            letter = _make_letter(name, content)
        except (KeyError, TypeError):
            self._add_difference(line, f"таких писем больше нет: {name}")
            return
        posted = self._exchange.letters
        read = [_make_letter(other["letter"], other["fields"]) for other in posted]
        if letter in read:
            for _ in range(read.index(letter)):
                self._add_difference(line, f"сверх плёнки: {_describe_letter(posted.popleft())}")
            posted.popleft()
            return
        if name in _ROUTER_LETTERS:
            self._add_difference(line, f"не повторилось: {_describe_letter(line.content)}")
        self._post(letter)

    async def _match_request(self, line: TapeLine) -> None:
        request = _read_request(line)
        if line.content["n"] in self._lost_renewals:
            await settle()
            self._exchange.lease_expired = True
            self._post(Left())  # the failed renewal ended the line, so letters posted before the reply were not read
        if request.operation is None:
            return
        output = await self._match_output(line, request)
        if output is None:
            return
        self._unanswered[line.content["n"]] = output
        if request.operation == "play" and request.playback_id and output.content.playback_id:
            self._aliases[request.playback_id] = output.content.playback_id

    def _play_reply(self, content: Mapping[str, Any]) -> None:
        output = self._unanswered.pop(content["n"], None)
        if output is not None:
            answer_request(output, content)

    async def _match_note(self, line: TapeLine) -> None:
        if line.content["kind"] == "adopted":
            self._adopting = asyncio.create_task(self._switchboard.release_orphan(self._call_id))
        await self._match_output(line, dict(line.content))

    # Outputs

    async def _match_output(self, line: TapeLine, what: Any) -> ReplayOutput | None:
        """Removes and returns the output recorded in `line`; None when the replay did not produce it.

        A changed output of the same kind is returned as well, and reported as a difference.
        """
        self._pending_lines.pop(0)
        outputs = self._exchange.outputs
        await settle()
        if not outputs:
            self._post(_IDLE_LETTER)
            await settle()
        while outputs:
            output = outputs[0]
            if self._is_same(output, line.source, what):
                return self._add_note_kind(outputs.popleft())
            early = any(
                self._is_same(output, later.source, _read_output(later))
                for later in self._pending_lines[:_LOOKAHEAD_LINES]
            )
            if early:
                break
            outputs.popleft()
            if _is_same_kind(output, line.source, what):
                self._add_difference(line, f"было: {ReplayOutput(line.source, what)}; стало: {output}")
                return self._add_note_kind(output)
            self._add_difference(line, f"сверх плёнки: {output}")
            answer_with_success(output)
            await settle()
        self._add_difference(line, f"не повторилось: {ReplayOutput(line.source, what)}")
        return None

    def _add_note_kind(self, output: ReplayOutput) -> ReplayOutput:
        if output.source is TapeSource.NOTE:
            self.note_kinds.add(output.content["kind"])
        return output

    def _is_same(self, output: ReplayOutput, source: TapeSource, what: Any) -> bool:
        if output.source is not source:
            return False
        if not isinstance(what, AriRequest):
            return bool(output.content == what) or _is_failure(output, what)
        if (
            output.content.operation == "playbacks"
            and self._aliases.get(what.playback_id or "") != output.content.playback_id
        ):
            return False
        return bool(output.content.comparable_parts == what.comparable_parts)

    def _post(self, letter: Letter) -> None:
        """Posts a letter from the tape; it is not counted as posted by the replayed call."""
        known = len(self._exchange.letters)
        self._switchboard.post(self._call_id, letter)
        while len(self._exchange.letters) > known:
            self._exchange.letters.pop()

    def _add_difference(self, line: TapeLine, what: str) -> None:
        self.differences.append(ReplayDifference(line.number, what))


def _is_output(line: TapeLine) -> bool:
    if line.source is TapeSource.REQUEST:
        return _read_request(line).operation is not None
    return line.source in (TapeSource.PROMPT, TapeSource.ACTION, TapeSource.NOTE)


def _read_output(line: TapeLine) -> Any:
    match line.source:
        case TapeSource.REQUEST:
            return _read_request(line)
        case TapeSource.PROMPT:
            return {"text": line.content["text"]}
        case TapeSource.ACTION:
            return {"action": line.content["action"], "arguments": line.content["arguments"]}
    return dict(line.content)


def _read_request(line: TapeLine) -> AriRequest:
    return AriRequest(line.content["method"], unquote(line.content["path"]), line.content["parameters"])


def _is_same_kind(output: ReplayOutput, source: TapeSource, what: Any) -> bool:
    """True for outputs of the same kind with different content, e.g. a prompt whose text changed."""
    if output.source is not source:
        return False
    if isinstance(what, AriRequest):
        return bool(output.content.operation == what.operation)
    return source is not TapeSource.NOTE or bool(output.content["kind"] == what["kind"])


def _is_failure(output: ReplayOutput, what: Mapping[str, Any]) -> bool:
    """True for two notes of a failure; their texts may differ, because they quote the error."""
    return output.source is TapeSource.NOTE and output.content["kind"] == what["kind"] == "failed"


def _find_lost_renewals(lines: Sequence[TapeLine]) -> frozenset[int]:
    """The numbers of the lease renewals that failed because the channel had left our application."""
    renewals = {
        line.content["n"] for line in lines if line.source is TapeSource.REQUEST and line.content["method"] == "GET"
    }
    return frozenset(
        line.content["n"]
        for line in lines
        if line.source is TapeSource.REPLY
        and line.content["n"] in renewals
        and (
            line.content.get("status") in _CHANNEL_GONE_STATUSES
            or line.content.get("body") in ('{"value":""}', '{"value":"0"}')
        )
    )


def _make_letter(name: str, content: Mapping[str, Any]) -> Letter:
    """Raises KeyError for an unknown letter (of another version), TypeError when a field is missing."""
    kind = _LETTERS[name]
    known = {field.name for field in fields(kind)}
    letter: Letter = kind(**{name: value for name, value in content.items() if name in known})
    return letter


def _describe_letter(content: Mapping[str, Any]) -> str:
    return f"letter {content['letter']} {json.dumps(content['fields'], ensure_ascii=False)}"


async def _cancel_task(world: asyncio.Task[None] | None) -> None:
    if world is not None:
        world.cancel()
        await asyncio.gather(world, return_exceptions=True)

"""Plays a tape: what came to the call comes again, in its order, and what the call did must come out again.

The real router, switchboard, line, conversation and ARI client run on a loop without time and without sockets. Lines of
the tape are of two sorts. Inputs (events, replies, sounds, outcomes, the letters of timers) are given to them; outputs
(requests, what is to be said or done, notes) are looked for among what they have done since. The lines are taken in
their order, and after each input everything runs until it waits for the tape again, so two replays are the same.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, get_args
from urllib.parse import unquote

from callcenter.conducting.line import Edges, Talk
from callcenter.conducting.mailbox import Key, Left, Letter, ListenEnded, SoundEnded
from callcenter.conducting.switchboard import Switchboard
from callcenter.journal.tape import Source, TapeLine
from callcenter.replay.exchange import (
    Exchange,
    Output,
    Request,
    answer_action,
    answer_prompt,
    answer_request,
    let_go,
)
from callcenter.replay.still_time import TapeClock, settle
from callcenter.telephony.ari.client import Ari
from callcenter.telephony.ari.generated import parse_event
from callcenter.telephony.ari.phone import AriPhone
from callcenter.telephony.ari.router import Playbacks, Router

_LETTERS = {kind.__name__: kind for kind in get_args(Letter)}
_OF_THE_ROUTER = (Key.__name__, SoundEnded.__name__)
"""Letters that only an event can have brought. That a caller has left may have been found out otherwise, too."""
_IDLE = ListenEnded(turn=-1)
"""A turn of the mailbox that brings nothing: what is owed to Asterisk is tried again."""
_GONE = (404, 409, 422)
_FORESIGHT = 16
"""Lines of output in which something that came early is looked for."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`number` is the line of the tape; `what` tells a person, in Russian, what is not as it was."""

    number: int
    what: str

    def __str__(self) -> str:
        return f"строка {self.number}: {self.what}"


class Player:
    """Plays one tape once."""

    def __init__(self, call_id: str, lines: Sequence[TapeLine], talk: Talk, *, lease_seconds: int) -> None:
        self.differences: list[Difference] = []
        self.kinds: set[str] = set()
        """Of the notes that came out."""
        self._call_id = call_id
        self._lines = lines
        self._talk = talk
        self._lease_seconds = lease_seconds
        self._clock = TapeClock(lines[0].at)
        self._coming = [line for line in lines if _is_output(line)]
        self._aliases: dict[str, str] = {}
        """Playback on the tape -> the same one now."""
        self._waiting: dict[int, Output] = {}
        self._lost_renewals = _find_lost_renewals(lines)

    async def play(self) -> None:
        """Fills `differences` and `kinds`."""
        world: asyncio.Task[None] | None = None
        try:
            for line, following in zip(self._lines, (*self._lines[1:], None), strict=True):
                self._clock.show(line.at)
                if world is None or (line.source is Source.TAPE and "resumed" in line.content):
                    await _end(world)
                    world = self._begin()
                    await settle()
                await self._take(line, following)
            await settle()
            for output in self._exchange.outputs:
                self._differ(self._lines[-1], f"сверх плёнки: {output}")
            for letter in self._exchange.letters:
                self._differ(self._lines[-1], f"сверх плёнки: {_describe_letter(letter)}")
        finally:
            await _end(world)

    def _begin(self) -> asyncio.Task[None]:
        """A controller as it is after its start, holding no calls."""
        self._exchange = Exchange()
        ari = Ari("http://tape", user="", password="", application="callcenter", wire=self._exchange)
        playbacks = Playbacks()
        edges = Edges(
            phone=AriPhone(ari, playbacks),
            prompts=self._exchange,
            notes=self._exchange,
            actions=self._exchange,
            clock=self._clock,
            lease_seconds=self._lease_seconds,
            tape=self._exchange,
        )
        self._switchboard = Switchboard(edges, begin_talk=lambda: self._talk)
        self._router = Router(playbacks, admit=self._switchboard.admit, post=self._switchboard.post, clock=self._clock)
        return asyncio.create_task(self._run(ari))

    async def _run(self, ari: Ari) -> None:
        async with ari:
            await self._switchboard.run()

    async def _take(self, line: TapeLine, following: TapeLine | None) -> None:
        content = line.content
        if following is not None and following.content.get("n") in self._lost_renewals:
            self._exchange.lease_over = True  # it was asked for in the turn that this line brings
        match line.source:
            case Source.EVENT:
                if following is None or following.source is not Source.LETTER:
                    await settle()  # there was no letter: perhaps the call had left by then
                self._take_event(content["event"])
            case Source.LETTER:
                self._take_letter(line)
            case Source.REQUEST:
                await self._take_request(line)
            case Source.REPLY:
                await settle()
                self._take_reply(content)
            case Source.PROMPT:
                if (output := await self._expect(line, {"text": content["text"]})) is not None:
                    answer_prompt(output, content)
            case Source.ACTION:
                asked = {"action": content["action"], "arguments": content["arguments"]}
                if (output := await self._expect(line, asked)) is not None:
                    answer_action(output, content)
            case Source.NOTE:
                await self._take_note(line)

    def _take_event(self, event: Mapping[str, Any]) -> None:
        playback = event.get("playback")
        if playback is not None:
            event = {**event, "playback": {**playback, "id": self._aliases.get(playback["id"], playback["id"])}}
        parsed = parse_event(event)
        if parsed is not None:
            self._router.take(parsed)

    def _take_letter(self, line: TapeLine) -> None:
        name, content = line.content["letter"], dict(line.content["fields"])
        if "playback_id" in content:
            content["playback_id"] = self._aliases.get(content["playback_id"], content["playback_id"])
        try:
            letter = _make_letter(name, content)
        except (KeyError, TypeError):
            self._differ(line, f"таких писем больше нет: {name}")
            return
        posted = self._exchange.letters
        read = [_make_letter(other["letter"], other["fields"]) for other in posted]
        if letter in read:
            for _ in range(read.index(letter)):
                self._differ(line, f"сверх плёнки: {_describe_letter(posted.popleft())}")
            posted.popleft()
            return
        if name in _OF_THE_ROUTER:
            self._differ(line, f"не повторилось: {_describe_letter(line.content)}")
        self._post(letter)

    async def _take_request(self, line: TapeLine) -> None:
        request = _read_request(line)
        if line.content["n"] in self._lost_renewals:
            await settle()
            self._exchange.lease_over = True
            self._post(Left())  # how the line took it; letters that came before the reply were not read any more
        if request.verb is None:
            return
        output = await self._expect(line, request)
        if output is None:
            return
        self._waiting[line.content["n"]] = output
        if request.verb == "play" and request.playback and output.what.playback:
            self._aliases[request.playback] = output.what.playback

    def _take_reply(self, content: Mapping[str, Any]) -> None:
        output = self._waiting.pop(content["n"], None)
        if output is not None:
            answer_request(output, content)

    async def _take_note(self, line: TapeLine) -> None:
        if line.content["kind"] == "adopted":
            self._adopting = asyncio.create_task(self._switchboard.adopt(self._call_id))
        await self._expect(line, dict(line.content))

    # What came out

    async def _expect(self, line: TapeLine, what: Any) -> Output | None:
        """The output that the line tells of, taken from those that wait; None when there is none."""
        self._coming.pop(0)
        outputs = self._exchange.outputs
        await settle()
        if not outputs:
            self._post(_IDLE)
            await settle()
        while outputs:
            output = outputs[0]
            if self._is_same(output, line.source, what):
                return self._count(outputs.popleft())
            early = any(self._is_same(output, later.source, _read(later)) for later in self._coming[:_FORESIGHT])
            if early:
                break
            outputs.popleft()
            if _is_akin(output, line.source, what):
                self._differ(line, f"было: {Output(line.source, what)}; стало: {output}")
                return self._count(output)
            self._differ(line, f"сверх плёнки: {output}")
            let_go(output)
            await settle()
        self._differ(line, f"не повторилось: {Output(line.source, what)}")
        return None

    def _count(self, output: Output) -> Output:
        if output.source is Source.NOTE:
            self.kinds.add(output.what["kind"])
        return output

    def _is_same(self, output: Output, source: Source, what: Any) -> bool:
        if output.source is not source:
            return False
        if not isinstance(what, Request):
            return bool(output.what == what) or _is_failure(output, what)
        if output.what.verb == "playbacks" and self._aliases.get(what.playback or "") != output.what.playback:
            return False
        return bool(output.what.rest == what.rest)

    def _post(self, letter: Letter) -> None:
        """A letter that the tape brings; it is not counted among those that came out."""
        known = len(self._exchange.letters)
        self._switchboard.post(self._call_id, letter)
        while len(self._exchange.letters) > known:
            self._exchange.letters.pop()

    def _differ(self, line: TapeLine, what: str) -> None:
        self.differences.append(Difference(line.number, what))


def _is_output(line: TapeLine) -> bool:
    if line.source is Source.REQUEST:
        return _read_request(line).verb is not None
    return line.source in (Source.PROMPT, Source.ACTION, Source.NOTE)


def _read(line: TapeLine) -> Any:
    match line.source:
        case Source.REQUEST:
            return _read_request(line)
        case Source.PROMPT:
            return {"text": line.content["text"]}
        case Source.ACTION:
            return {"action": line.content["action"], "arguments": line.content["arguments"]}
    return dict(line.content)


def _read_request(line: TapeLine) -> Request:
    return Request(line.content["method"], unquote(line.content["path"]), line.content["parameters"])


def _is_akin(output: Output, source: Source, what: Any) -> bool:
    """The same sort of thing, though another one: words that changed, another context."""
    if output.source is not source:
        return False
    if isinstance(what, Request):
        return bool(output.what.verb == what.verb)
    return source is not Source.NOTE or bool(output.what["kind"] == what["kind"])


def _is_failure(output: Output, what: Mapping[str, Any]) -> bool:
    """A failure is told in the words of the moment."""
    return output.source is Source.NOTE and output.what["kind"] == what["kind"] == "failed"


def _find_lost_renewals(lines: Sequence[TapeLine]) -> frozenset[int]:
    """The numbers of the requests that asked for more time and were told that the channel is not ours any more."""
    renewals = {
        line.content["n"] for line in lines if line.source is Source.REQUEST and line.content["method"] == "GET"
    }
    return frozenset(
        line.content["n"]
        for line in lines
        if line.source is Source.REPLY
        and line.content["n"] in renewals
        and (line.content.get("status") in _GONE or line.content.get("body") in ('{"value":""}', '{"value":"0"}'))
    )


def _make_letter(name: str, content: Mapping[str, Any]) -> Letter:
    """Raises KeyError for one of another version, TypeError when it lacks a field."""
    kind = _LETTERS[name]
    known = {field.name for field in fields(kind)}
    letter: Letter = kind(**{name: value for name, value in content.items() if name in known})
    return letter


def _describe_letter(content: Mapping[str, Any]) -> str:
    return f"letter {content['letter']} {json.dumps(content['fields'], ensure_ascii=False)}"


async def _end(world: asyncio.Task[None] | None) -> None:
    if world is not None:
        world.cancel()
        await asyncio.gather(world, return_exceptions=True)

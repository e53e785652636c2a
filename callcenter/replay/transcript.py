"""Renders a tape as a transcript for people, in Russian: who said and did what, and when."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from callcenter.conducting.line import FALLBACK, GOODBYE
from callcenter.core.event_kinds import EventKind
from callcenter.intake.cel import parse_cel_line
from callcenter.journal.tape import TapeLine, TapeSource
from callcenter.wording.labels import label

_CEL_WORDING = {
    "CC_LEASE_END": "робот не отвечает: станция ведёт звонок сама",
    "CC_QUEUE_ENTER": "житель в очереди",
    "CC_VOICEMAIL": "житель оставляет сообщение",
    "CC_CALLBACK": "житель просит перезвонить",
    "CC_OVERFLOW": "все линии заняты",
}


def render_transcript(lines: Sequence[TapeLine]) -> Iterator[str]:
    """Yields one line per event of the call, in order of time, with the seconds since the call's beginning."""
    begun = lines[0].at
    told = [(line.at, words) for line in lines for words in _describe_line(line)]
    for at, words in sorted(told, key=lambda pair: pair[0]):
        yield f"{(at - begun).total_seconds():6.1f}  {words}"


def _describe_line(line: TapeLine) -> Iterator[str]:
    content = line.content
    match line.source:
        case TapeSource.NOTE:
            yield from _describe_note(content["kind"], content["facts"])
        case TapeSource.ACTION:
            yield f"робот: [{content['action']}] {content.get('outcome') or content.get('failure')}"
        case TapeSource.REQUEST if content["path"].endswith("/continue"):
            context = content["parameters"].get("context")
            if context == GOODBYE:
                yield "робот кладёт трубку"
            elif context == FALLBACK:
                yield "робот отпускает звонок: дальше ведёт станция"
        case TapeSource.EVENT if content["event"].get("type") == "ChannelHangupRequest":
            yield "житель положил трубку"
        case TapeSource.TAPE if "dropped" in content:
            yield f"(на плёнке не хватает строк: {content['dropped']})"
        case TapeSource.TAPE if "resumed" in content:
            yield "(робот запущен заново)"
        case TapeSource.CEL:
            yield from _describe_cel(content["line"])
        case TapeSource.RECORD if content["outcome"] is not None:
            yield f"итог: {label('outcome', content['outcome'])}"


def _describe_note(kind: str, facts: Mapping[str, Any]) -> Iterator[str]:
    match kind:
        case EventKind.SAID:
            yield f"робот: {facts['text']}"
        case EventKind.KEY:
            yield f"житель нажал {facts['key']}"
        case EventKind.HEARD:
            yield f"житель: {facts['text']}"
        case EventKind.MISS if facts.get("why") == "silence":
            yield "житель молчит"
        case EventKind.HANDED_OVER:
            yield f"робот передаёт звонок диспетчерам: {facts['reason']}"
        case EventKind.FAILED:
            yield f"робот сбился: {facts['what']}"


def _describe_cel(line: str) -> Iterator[str]:
    event = parse_cel_line(line)
    if event is None:
        return
    if event.kind in _CEL_WORDING:
        yield _CEL_WORDING[event.kind]
    elif event.kind == "BRIDGE_ENTER" and event.peers:
        yield "житель и диспетчер слышат друг друга"
    elif event.kind == "HANGUP" and event.is_caller_channel:
        yield "конец звонка"

"""A tape: everything one call brought to us and everything we did about it, one JSON object a line.

A line is `{"at": <moment>, "source": <Source>, …}`; what else stands in it is said at each source. Everything but the
lines of Asterisk's files is there in the order in which the controller saw it, so that the call can be played again
(`callcenter replay`). A tape lies beside the recording of its call and lives as long as that; see docs/tapes.md.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from callcenter.core.errors import CallcenterError

ENDING = ".tape.jsonl"
VERSION = 1


class TapeSource(StrEnum):
    """Where a line comes from, and what it holds."""

    TAPE = "tape"
    """{version, call, edition: {name, hash}, lease_seconds}: a call came in · {resumed}: another controller writes from
    here on · {dropped}: so many lines of all calls could not be kept about now."""
    EVENT = "ari event"
    """{event}: as Asterisk sent it."""
    REQUEST = "ari request"
    """{n, method, path, parameters}"""
    REPLY = "ari reply"
    """{n, status, body} · {n, failure}: none came."""
    AMI = "ami"
    """{event}: for the reader only, nothing is conducted by it."""
    LETTER = "letter"
    """{letter, …its fields}: put into the mailbox of the call."""
    PROMPT = "prompt"
    """{text, sound} · {text, failure}"""
    ACTION = "action"
    """{action, arguments, outcome, facts} · {action, arguments, failure}"""
    NOTE = "note"
    """{kind, facts}: what the robot wrote down."""
    ACTION_NOTE = "action note"
    """{kind, facts}: what one of its actions wrote down."""
    CEL = "cel"
    """{line}"""
    QUEUE_LOG = "queue_log"
    """{line}"""
    RECORD = "record"
    """{outcome, kinds}: what the centre's record made of the call, by the kinds in its timeline."""


class BrokenTape(CallcenterError):
    """This is not a tape."""


class Tape(Protocol):
    """Where the rooms that see something of a call leave it."""

    def record_line(
        self, source: TapeSource, content: Mapping[str, Any] | str | bytes, *, call_id: str | None = None
    ) -> None:
        """Never raises and never waits. Without `call_id` the call is looked for in the content."""
        ...


class _NullTape:
    def record_line(
        self, source: TapeSource, content: Mapping[str, Any] | str | bytes, *, call_id: str | None = None
    ) -> None:
        pass


NO_TAPE: Tape = _NullTape()
"""For whoever keeps nothing."""


@dataclass(frozen=True, slots=True)
class TapeLine:
    """`number` is the line's in its file, from 1; `content` all but the moment and the source."""

    number: int
    at: datetime
    source: TapeSource
    content: Mapping[str, Any]


def tape_beside(recording: Path) -> Path:
    """The tape of the call whose recording this file is."""
    return recording.with_name(recording.stem + ENDING)


def write_line(at: datetime, source: TapeSource, content: Mapping[str, Any]) -> bytes:
    """The line with its end."""
    line = {"at": at.isoformat(), "source": source.value, **content}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str).encode(errors="replace") + b"\n"


def read_tape(file: Path) -> list[TapeLine]:
    """The lines of a tape without those that a crash or a full disk has torn. Raises BrokenTape when none is whole."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BrokenTape(f"{file}: {error.strerror}") from error
    lines = []
    for number, raw in enumerate(content.split(b"\n"), start=1):
        line = _parse_line(number, raw)
        if line is not None:
            lines.append(line)
    if not lines:
        raise BrokenTape(f"{file}: not a tape: no line of it can be read")
    return lines


def _parse_line(number: int, raw: bytes) -> TapeLine | None:
    try:
        content = json.loads(raw)
        return TapeLine(number, datetime.fromisoformat(content.pop("at")), TapeSource(content.pop("source")), content)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None

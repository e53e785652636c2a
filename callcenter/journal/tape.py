"""The tape of a call: a trace of all its inputs and of everything the controller did, one JSON object per line.

A line is `{"at": <moment>, "source": <TapeSource>, …}`; `TapeSource` documents the other fields. All lines except
those from Asterisk's log files are in the order in which the controller saw them, so that the call can be replayed
(`callcenter replay`). A tape is stored beside the recording of its call and removed with it; see docs/tapes.md.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from callcenter.core.errors import CallcenterError

TAPE_SUFFIX = ".tape.jsonl"
VERSION = 1


class TapeSource(StrEnum):
    """The origin of a tape line. Each docstring lists the fields of the line."""

    TAPE = "tape"
    """{version, call, edition: {name, hash}, lease_seconds}: the call arrived · {resumed}: another controller
    writes from here on · {dropped}: number of lines, of all calls together, that were dropped around this time."""
    EVENT = "ari event"
    """{event}: an ARI event as Asterisk sent it."""
    REQUEST = "ari request"
    """{n, method, path, parameters}: an ARI request; `n` numbers the requests."""
    REPLY = "ari reply"
    """{n, status, body}: the reply to request `n` · {n, failure}: no reply arrived."""
    AMI = "ami"
    """{event}: an AMI event, for the human reader only; it does not influence the call."""
    LETTER = "letter"
    """{letter, fields}: a letter posted to the mailbox of the call."""
    PROMPT = "prompt"
    """{text, sound}: the sound path of a prompt · {text, failure}"""
    ACTION = "action"
    """{action, arguments, outcome, facts}: a script action · {action, arguments, failure}"""
    NOTE = "note"
    """{kind, facts}: a note of the robot."""
    ACTION_NOTE = "action note"
    """{kind, facts}: a note of a script action."""
    CEL = "cel"
    """{line}: a line of Asterisk's CEL file."""
    QUEUE_LOG = "queue_log"
    """{line}: a line of Asterisk's queue_log."""
    RECORD = "record"
    """{outcome, kinds}: the outcome of the call in the database, and the kinds of entries in its timeline."""


class BrokenTape(CallcenterError):
    """The file cannot be read, or is not a tape."""


class Tape(Protocol):
    """Accepts tape lines from the modules that handle a call."""

    def record_line(
        self, source: TapeSource, content: Mapping[str, Any] | str | bytes, *, call_id: str | None = None
    ) -> None:
        """Records a line. Never raises or waits. Without `call_id` the call is found from the content."""
        ...


class _NullTape:
    def record_line(
        self, source: TapeSource, content: Mapping[str, Any] | str | bytes, *, call_id: str | None = None
    ) -> None:
        pass


NO_TAPE: Tape = _NullTape()
"""A tape that discards its lines."""


@dataclass(frozen=True, slots=True)
class TapeLine:
    """`number`: line number in the file, from 1. `content`: the fields other than `at` and `source`."""

    number: int
    at: datetime
    source: TapeSource
    content: Mapping[str, Any]


def tape_beside(recording: Path) -> Path:
    """The path of the tape that belongs to the recording file `recording`."""
    return recording.with_name(recording.stem + TAPE_SUFFIX)


def write_line(at: datetime, source: TapeSource, content: Mapping[str, Any]) -> bytes:
    """Encodes a tape line, with its line end."""
    line = {"at": at.isoformat(), "source": source.value, **content}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str).encode(errors="replace") + b"\n"


def read_tape(file: Path) -> list[TapeLine]:
    """Reads a tape, skipping lines cut off by a crash or a full disk. Raises BrokenTape when no line can be read."""
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

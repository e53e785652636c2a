"""Writes tapes of live calls without delaying them: `record_line` only puts the line into a queue.

A thread finds the call of each line and appends the line to the call's spool file `<call id>.tape.jsonl`, which
survives a crash of the controller. `recordings/tape_filing.py` files the tape later. The queue is bounded: lines that
do not fit are dropped and counted, also on the tapes. A full disk costs lines and one message in the log.

A tape begins when a call enters the Stasis application. Lines about anything else (the controller's own channels,
calls whose tape is already filed) have no spool file and are discarded.
"""

import contextlib
import json
import os
import re
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import unquote

import structlog

from callcenter.core.clock import Clock
from callcenter.journal.editions import StoredEdition, edition_file
from callcenter.journal.tape import TAPE_SUFFIX, VERSION, TapeSource, write_line

LONGEST_QUEUE = 10_000
"""Limit of queued lines; further lines are dropped."""
BATCH = 500
"""Most lines written at once."""
CLOSE_SECONDS = 2.0
"""Longest time `close` waits for queued lines to be written, in seconds."""
INBOUND = "inbound"
"""First Stasis argument of a new call in the dialplan."""
_MAX_REMEMBERED_IDS = 5000
"""Limit of the remembered ids of playbacks and requests, each with its call; the oldest are dropped."""
_CALL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_PATH = re.compile(r"/(?P<kind>channels|playbacks)/(?P<id>[^/]+)(?:/play/(?P<playback>[^/]+))?")
_AMI_IDS = ("Linkedid", "DestLinkedid", "Uniqueid")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _QueuedLine:
    at: datetime
    source: TapeSource
    content: Mapping[str, Any] | str | bytes
    call_id: str | None
    edition: StoredEdition | None


class TapeRecorder:
    """Implements `tape.Tape`. `directory` holds the spool files and the script editions named in them."""

    def __init__(
        self,
        directory: Path,
        *,
        clock: Clock,
        get_edition: Callable[[], StoredEdition | None],
        lease_seconds: int,
    ) -> None:
        """`get_edition` returns the script edition that new calls use."""
        self.dropped = 0
        """Number of lines lost to a full queue or a failed write."""
        self._directory = directory
        self._clock = clock
        self._get_edition = get_edition
        self._lease_seconds = lease_seconds
        self._items: SimpleQueue[_QueuedLine | None] = SimpleQueue()
        self._reported_dropped = 0
        self._written_calls: set[str] = set()
        self._partial_lines: set[str] = set()
        self._call_by_request: OrderedDict[str, str] = OrderedDict()  # playback id or request number -> call id
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="tapes", daemon=True)
        self._thread.start()

    def record_line(
        self, source: TapeSource, content: Mapping[str, Any] | str | bytes, *, call_id: str | None = None
    ) -> None:
        if self._items.qsize() >= LONGEST_QUEUE:
            self.dropped += 1
            return
        edition = None
        if source is TapeSource.EVENT:
            with contextlib.suppress(Exception):  # no edition in force yet
                edition = self._get_edition()
        self._items.put(_QueuedLine(self._clock.now(), source, content, call_id, edition))

    def close(self) -> None:
        """Writes the queued lines, within `CLOSE_SECONDS`."""
        self._items.put(None)
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while True:
            batch = [self._items.get()]
            while len(batch) < BATCH and not self._items.empty():
                batch.append(self._items.get())
            try:
                self._write(item for item in batch if item is not None)
            except Exception:  # an unexpected line must not stop the recording of all tapes
                _log.exception("lines are not on the tapes")
            if None in batch:
                return

    def _write(self, items: Iterable[_QueuedLine]) -> None:
        lines: dict[str, list[bytes]] = defaultdict(list)
        begun = set()
        for item in items:
            content = _parse_content(item)
            call_id = item.call_id or self._find_call(item.source, content)
            if call_id is None or not _CALL_ID.fullmatch(call_id):
                continue
            if item.source is TapeSource.EVENT and _is_call_arrival(content["event"]):
                lines[call_id].append(write_line(item.at, TapeSource.TAPE, self._make_header(call_id, item.edition)))
                begun.add(call_id)
            lines[call_id].append(write_line(item.at, item.source, content))
        dropped = self.dropped - self._reported_dropped
        self._reported_dropped += dropped
        for call_id, written in lines.items():
            if dropped:
                written.append(write_line(self._clock.now(), TapeSource.TAPE, {"dropped": dropped}))
            self._append(call_id, written, begins=call_id in begun)

    def _make_header(self, call_id: str, edition: StoredEdition | None) -> dict[str, Any]:
        head: dict[str, Any] = {"version": VERSION, "call": call_id, "lease_seconds": self._lease_seconds}
        if edition is not None:
            head["edition"] = {"name": edition.name, "hash": edition.hash}
            self._store_edition(edition)
        return head

    def _store_edition(self, edition: StoredEdition) -> None:
        file = edition_file(self._directory, edition.hash)
        if file.exists():
            return
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = file.with_suffix(".part")
            part.write_text(edition.text, encoding="utf-8")
            part.chmod(0o600)
            part.replace(file)
        except OSError as error:
            self._log_disk_error(error)

    def _find_call(self, source: TapeSource, content: Mapping[str, Any]) -> str | None:
        match source:
            case TapeSource.EVENT:
                return _find_call_of_event(content["event"])
            case TapeSource.REQUEST:
                return self._find_call_of_request(content)
            case TapeSource.REPLY:
                return self._call_by_request.pop(str(content["n"]), None)
            case TapeSource.AMI:
                return next((str(content["event"][name]) for name in _AMI_IDS if content["event"].get(name)), None)
        return None

    def _find_call_of_request(self, content: Mapping[str, Any]) -> str | None:
        found = _PATH.match(content["path"])
        if found is None:
            return None
        named = unquote(found["id"])
        call_id = named if found["kind"] == "channels" else self._call_by_request.get(named)
        if call_id is not None:
            self._call_by_request[str(content["n"])] = call_id
            if found["playback"]:
                self._call_by_request[unquote(found["playback"])] = call_id
            while len(self._call_by_request) > _MAX_REMEMBERED_IDS:
                self._call_by_request.popitem(last=False)
        return call_id

    def _append(self, call_id: str, lines: list[bytes], *, begins: bool) -> None:
        if call_id not in self._written_calls and not begins:
            lines.insert(0, b"\n" + write_line(self._clock.now(), TapeSource.TAPE, {"resumed": True}))
        elif call_id in self._partial_lines:
            lines.insert(0, b"\n")
        try:
            if begins:
                self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT if begins else 0)
            file = os.open(self._directory / f"{call_id}{TAPE_SUFFIX}", flags, 0o600)
        except FileNotFoundError:
            self._written_calls.discard(call_id)
            self._partial_lines.discard(call_id)
            return
        except OSError as error:
            self.dropped += len(lines)
            self._log_disk_error(error)
            return
        self._written_calls.add(call_id)
        try:
            whole = b"".join(lines)
            if os.write(file, whole) == len(whole):
                self._partial_lines.discard(call_id)
                self._failing = False
            else:
                self._partial_lines.add(call_id)
                self._log_disk_error(OSError("the disk took a part of it"))
        except OSError as error:
            self.dropped += len(lines)
            self._log_disk_error(error)
        finally:
            os.close(file)

    def _log_disk_error(self, error: OSError) -> None:
        if not self._failing:
            _log.error("tapes cannot be written; the calls go on", error=str(error))
        self._failing = True


def _parse_content(item: _QueuedLine) -> Mapping[str, Any]:
    content = item.content
    if item.source is TapeSource.EVENT:
        try:
            event = json.loads(content) if isinstance(content, str | bytes) else content
        except ValueError:
            event = {}
        return {"event": event}
    if item.source is TapeSource.AMI and isinstance(content, Mapping):
        return {"event": {str(name): value for name, value in content.items() if name != "content"}}
    return content if isinstance(content, Mapping) else {"line": content}


def _is_call_arrival(event: Mapping[str, Any]) -> bool:
    return event.get("type") == "StasisStart" and event.get("args", [])[:1] == [INBOUND]


def _find_call_of_event(event: Mapping[str, Any]) -> str | None:
    if "channel" in event:
        return str(event["channel"].get("id"))
    kind, _, name = str(event.get("playback", {}).get("target_uri", "")).partition(":")
    return name if kind == "channel" else None

"""The robot's notes: on disk at once, in the database exactly once and in order, whatever dies in between.

A note is written to the end of a file before `write` returns, so it outlives our own death at any moment (the
kernel has it); a thread then makes the disk sure of it, many notes at a time, so it outlives the machine's.
PostgreSQL may be away for as long as it likes: the notes wait in the files.

The files (segments) of the journal are `<number>.jsonl`. Numbers only grow, and every start opens a new one, so
that a line torn by a death is always the last of a segment that nobody writes any more. A line is

    <CRC-32 of the rest, 8 hex digits> <one JSON object>

How they come into the database is `applying.py`. A segment is removed once all of it is applied and a later one
exists.
"""

import fcntl
import json
import os
import threading
import time
import zlib
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from callcenter.journal.errors import JournalInUse
from callcenter.journal.line_recovery import recover_lines

SYNC_SECONDS = 0.03
FULL_SECONDS = 0.5
"""Between two attempts at a disk that takes nothing."""
SEGMENT_BYTES = 1 << 20
BATCH = 100
"""Lines read at a time."""

TRANSCRIPT = "transcript"
"""What was said, or from when nothing was heard: {speaker, text, words: [[text, begin, end, confidence], …]}, in
seconds from the note's moment, or {speaker, fault}. It makes a row of the transcript, no line of the timeline."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Note:
    """One remark of the robot on a call. `id` is unique, `at` aware, `facts` what JSON can hold."""

    id: str
    call_id: str
    at: datetime
    kind: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class JournalPosition:
    """How far the journal is applied: the segment and the byte in it."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class JournalLine:
    """A whole line of a segment; `note` is None when it cannot be read. `end` is where the next line starts."""

    end: JournalPosition
    text: str
    note: Note | None


class Journal:
    """The journal of one controller. Opening it takes the directory; a second one raises JournalInUse."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory = directory
        self._lock_file = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock_file)
            raise JournalInUse(
                f"{directory}: another controller is writing this journal; stop it first (callcenter stop)"
            ) from error
        self._lock = threading.Lock()
        self._unsynced = threading.Event()
        self._closing = threading.Event()
        self._pending: deque[bytes] = deque()  # what the disk has not taken: it was full
        self._disk_full = False
        self._file = self._open_segment()
        self._syncer = threading.Thread(target=self._sync, name="journal", daemon=True)
        self._syncer.start()

    def write(self, note: Note) -> None:
        """Takes the note down. Never raises and never waits; usable from any thread."""
        with self._lock:
            self._pending.append(encode(note))
            self._write_pending()
        self._unsynced.set()

    @property
    def directory(self) -> Path:
        return self._directory

    @property
    def disk_is_full(self) -> bool:
        """True while notes wait in memory."""
        return self._disk_full

    def close(self) -> None:
        """Makes the disk sure of everything and lets the directory go."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._unsynced.set()
        self._syncer.join()
        with self._lock:
            self._write_pending()
            self._fsync_segment()
            if self._pending:
                _log.error("notes are lost with this controller: the disk takes nothing", notes=len(self._pending))
            os.close(self._file)
            self._file = -1  # a note written after this is refused by the kernel, not put into somebody's file
            os.close(self._lock_file)

    def _write_pending(self) -> None:
        """Writes what waits, as far as the disk takes it. A part of a line is continued where it broke off."""
        while self._pending:
            try:
                written = os.write(self._file, self._pending[0])
            except OSError as error:
                if not self._disk_full:
                    _log.error("journal cannot be written, notes wait in memory", error=str(error))
                self._disk_full = True
                return
            rest = self._pending[0][written:]
            if rest:
                self._pending[0] = rest
            else:
                self._pending.popleft()
        self._disk_full = False

    def _sync(self) -> None:
        while not self._closing.is_set():
            self._unsynced.wait(FULL_SECONDS if self._disk_full else None)
            self._closing.wait(SYNC_SECONDS)  # so that the notes of many calls share one sync
            self._unsynced.clear()
            self._fsync_segment()
            with self._lock:
                self._write_pending()
                if not self._pending and os.fstat(self._file).st_size >= SEGMENT_BYTES:
                    self._rotate_segment()

    def _fsync_segment(self) -> None:
        try:
            os.fsync(self._file)
        except OSError as error:
            _log.error("journal cannot be synced", error=str(error))

    def _rotate_segment(self) -> None:
        """Goes on in a new file. When there can be none the old one goes on, for its number must stay ours."""
        old = self._file
        try:
            self._file = self._open_segment()
        except OSError as error:
            _log.error("no new segment of the journal, the old one goes on", error=str(error))
        else:
            os.close(old)

    def _open_segment(self) -> int:
        """A new segment with a number above all others, even when the clock was set back."""
        number = max([time.time_ns(), *(taken + 1 for taken in segments(self._directory))])
        file = os.open(
            segment_file(self._directory, number),
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC,
            0o600,
        )
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)  # the name of the file must survive too
        finally:
            os.close(directory)
        return file


def encode(note: Note) -> bytes:
    """The note's line, with its end."""
    body = json.dumps(
        {"id": note.id, "call_id": note.call_id, "at": note.at.isoformat(), "kind": note.kind, "facts": note.facts},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode(errors="replace")
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode(line: bytes) -> Note | None:
    """The note of a line (without its end); None when the line is damaged."""
    checksum, _, body = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(body):
        return None
    try:
        raw = json.loads(body)
        at = datetime.fromisoformat(raw["at"])
        note = Note(raw["id"], raw["call_id"], at, raw["kind"], raw["facts"])
    except (ValueError, KeyError, TypeError):
        return None
    return note if at.tzinfo is not None and isinstance(note.facts, dict) else None


def segments(directory: Path) -> list[int]:
    """The numbers of the journal's segments in their order."""
    return sorted(int(file.stem) for file in directory.glob("*.jsonl") if file.stem.isdecimal())


def segment_file(directory: Path, number: int) -> Path:
    return directory / f"{number:020d}.jsonl"


def read_lines(directory: Path, after: JournalPosition | None, *, limit: int = BATCH) -> list[JournalLine]:
    """Up to `limit` whole lines behind `after`, over as many segments as it takes.

    The last line of the newest segment waits while it has no end; in an older one it was torn by a death.
    """
    lines: list[JournalLine] = []
    numbers = segments(directory)
    for number in numbers:
        if after is not None and number < after.segment:
            continue
        offset = after.offset if after is not None and number == after.segment else 0
        for raw, end in _read_segment_lines(segment_file(directory, number), offset, last=number == numbers[-1]):
            lines.append(JournalLine(JournalPosition(number, end), raw.decode(errors="replace"), decode(raw)))
            if len(lines) == limit:
                return lines
    return lines


def _read_segment_lines(file: Path, offset: int, *, last: bool) -> list[tuple[bytes, int]]:
    """The lines of a segment from `offset` with the offset behind each; empty ones are left out.

    An unfinished line at the end of the last segment may still be finished; in an older one it is nothing.
    """
    try:
        with file.open("rb") as opened:
            opened.seek(offset)
            content = opened.read()
    except FileNotFoundError:  # trimmed meanwhile
        return []
    found = []
    for raw in content.splitlines(keepends=True):
        if not raw.endswith(b"\n") and (last or decode(raw) is None):
            break
        for piece in [raw] if _is_intact(raw) else recover_lines(raw, intact=_is_intact):
            offset += len(piece)
            if piece.strip():
                found.append((piece.rstrip(b"\n"), offset))
    return found


def _is_intact(raw: bytes) -> bool:
    return decode(raw.rstrip(b"\n")) is not None


def trim(directory: Path, reached: JournalPosition) -> None:
    """Removes the segments before the one reached: all of them is applied."""
    for number in segments(directory):
        if number < reached.segment:
            segment_file(directory, number).unlink(missing_ok=True)

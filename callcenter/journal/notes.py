"""The journal: a write-ahead log of the robot's notes. Each note reaches the database exactly once and in order, even
after crashes.

`write` appends the note to a file before it returns, so the note survives a crash of the controller (the kernel holds
it). A thread then syncs the file to disk, many notes at a time, so that notes survive a crash of the machine. While
PostgreSQL is unavailable, for any length of time, the notes wait in the files.

The journal consists of segment files `<number>.jsonl`. Numbers only grow, and every start opens a new segment, so a
line cut off by a crash is always the last line of a segment that is no longer written. A line is

    <CRC-32 of the rest, 8 hex digits> <one JSON object>

`intake/applying.py` applies the notes to the database. A segment is removed once all its notes are applied and a later
segment exists.
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
"""Delay before an fsync, so that notes of many calls share it. Longer: fewer syncs, more notes lost in a power cut."""
DISK_RETRY_SECONDS = 0.5
"""Seconds between two attempts to write while the disk accepts nothing."""
SEGMENT_BYTES = 1 << 20
"""Size in bytes from which a new segment is opened."""
BATCH = 100
"""Default limit of lines per read."""

TRANSCRIPT = "transcript"
"""Note kind of a recognized utterance, {speaker, text, words: [[text, begin, end, confidence], …]}, with times in
seconds from the note's `at`; or of a recognition failure from that moment on, {speaker, fault}. It becomes a row of the
transcript, not an entry of the timeline."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Note:
    """One remark of the robot on a call. `id` is unique, `at` is timezone-aware, `facts` is JSON-serializable."""

    id: str
    call_id: str
    at: datetime
    kind: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class JournalPosition:
    """A position in the journal: segment number and byte offset in it."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class JournalLine:
    """A complete line of a segment. `note` is None if the line is damaged. `end`: position of the next line."""

    end: JournalPosition
    text: str
    note: Note | None


class Journal:
    """The journal of one controller. Locks `directory`; raises JournalInUse if another controller holds the lock."""

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
        self._pending: deque[bytes] = deque()  # lines not yet written, for example while the disk is full
        self._disk_full = False
        self._file = self._open_segment()
        self._syncer = threading.Thread(target=self._sync, name="journal", daemon=True)
        self._syncer.start()

    def write(self, note: Note) -> None:
        """Appends the note. Never raises and never waits for the disk. Thread-safe."""
        with self._lock:
            self._pending.append(encode(note))
            self._write_pending()
        self._unsynced.set()

    @property
    def directory(self) -> Path:
        return self._directory

    @property
    def disk_is_full(self) -> bool:
        """True while notes wait in memory because the last write failed."""
        return self._disk_full

    def close(self) -> None:
        """Syncs everything to disk and releases the lock of the directory."""
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
            self._file = -1  # a later write fails instead of going to a file that reuses the descriptor
            os.close(self._lock_file)

    def _write_pending(self) -> None:
        """Writes pending lines as far as the disk accepts them. A partly written line is continued next time."""
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
            self._unsynced.wait(DISK_RETRY_SECONDS if self._disk_full else None)
            self._closing.wait(SYNC_SECONDS)  # gathers the notes of many calls for one sync
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
        """Switches to a new segment. If none can be created, the old one stays open and keeps its number."""
        old = self._file
        try:
            self._file = self._open_segment()
        except OSError as error:
            _log.error("no new segment of the journal, the old one goes on", error=str(error))
        else:
            os.close(old)

    def _open_segment(self) -> int:
        """Creates a segment with a number above all others, even when the clock was set back."""
        number = max([time.time_ns(), *(taken + 1 for taken in segments(self._directory))])
        file = os.open(
            segment_file(self._directory, number),
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC,
            0o600,
        )
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)  # makes the new file name durable
        finally:
            os.close(directory)
        return file


def encode(note: Note) -> bytes:
    """Returns the line of a note, with its line end."""
    body = json.dumps(
        {"id": note.id, "call_id": note.call_id, "at": note.at.isoformat(), "kind": note.kind, "facts": note.facts},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode(errors="replace")
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode(line: bytes) -> Note | None:
    """Parses a line without its line end. Returns None when the line is damaged."""
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
    """The numbers of the journal's segments in ascending order."""
    return sorted(int(file.stem) for file in directory.glob("*.jsonl") if file.stem.isdecimal())


def segment_file(directory: Path, number: int) -> Path:
    return directory / f"{number:020d}.jsonl"


def read_lines(directory: Path, after: JournalPosition | None, *, limit: int = BATCH) -> list[JournalLine]:
    """Reads up to `limit` complete lines after the position `after`, across segments. None: from the beginning.

    An unterminated last line of the newest segment is left for later. In an older segment it was cut off by a crash and
    is read only if intact.
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
    """The lines of a segment from `offset`, each with the offset after it, without empty lines.

    An unterminated last line is left out in the last segment, because it may still be completed, and in older segments
    if it is damaged.
    """
    try:
        with file.open("rb") as opened:
            opened.seek(offset)
            content = opened.read()
    except FileNotFoundError:  # removed by `trim` meanwhile
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
    """Removes the segments before that of `reached`; all their notes are applied."""
    for number in segments(directory):
        if number < reached.segment:
            segment_file(directory, number).unlink(missing_ok=True)

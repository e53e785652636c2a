"""Reads a growing file from a saved position. Handles rotation and a last line that is not fully written yet.

Used to follow Asterisk's CEL and queue_log files.
"""

from dataclasses import dataclass, replace
from pathlib import Path

LONGEST_READ = 1 << 18
"""Default limit of one read, in bytes."""


@dataclass(frozen=True, slots=True)
class FilePosition:
    """A byte offset in a file. The file is identified by its inode, because rotation moves names to other files."""

    inode: int
    offset: int


@dataclass(frozen=True, slots=True)
class FileChunk:
    """Complete lines in order, without line ends, and the position after them.

    `has_more`: more lines can be read at once. `is_file_lost`: the file of the old position is gone, with any lines in
    it that were not read.
    """

    lines: tuple[str, ...]
    position: FilePosition | None
    has_more: bool = False
    is_file_lost: bool = False


def read_chunk(file: Path, position: FilePosition | None, *, limit: int = LONGEST_READ) -> FileChunk:
    """Reads complete lines from `position` on, about `limit` bytes at most. None: from the beginning.

    If the file was rotated, the rotated file is found beside `file` (`file.1`, `file-2026…`) by its inode and read to
    its end first. A file that became shorter is read from its beginning. The chunk is empty, with the same position,
    when nothing is new.
    """
    current = _inode(file)
    if position is not None and position.inode != current:
        rotated = next((old for old in _list_rotated_files(file) if _inode(old) == position.inode), None)
        if rotated is not None:
            # A rotated file is complete once a new one exists, so its last line counts even without a line end.
            passage = _read_from(rotated, position, limit, finished=current is not None)
            if passage.lines or current is None:
                return replace(passage, has_more=current is not None)
        if current is None:
            return FileChunk((), position)
        fresh = _read_from(file, FilePosition(current, 0), limit, finished=False)
        return replace(fresh, is_file_lost=rotated is None)
    if current is None:
        return FileChunk((), position)
    return _read_from(file, position or FilePosition(current, 0), limit, finished=False)


def _read_from(file: Path, place: FilePosition, limit: int, *, finished: bool) -> FileChunk:
    try:
        with file.open("rb") as opened:
            size = opened.seek(0, 2)
            start = place.offset if place.offset <= size else 0
            opened.seek(start)
            content = opened.read(limit)
            while b"\n" not in content and len(content) and (more := opened.read(limit)):
                content += more  # one line longer than the limit
            if b"\n" not in content and not finished:
                return FileChunk((), FilePosition(place.inode, start))
            unread = opened.tell() < size
            if not finished or unread:
                content = content[: content.rfind(b"\n") + 1]
    except FileNotFoundError:  # rotated just now: the next read finds it
        return FileChunk((), place)
    lines = [line.decode(errors="replace") for line in content.split(b"\n")]
    return FileChunk(
        tuple(line for line in lines if line.strip()), FilePosition(place.inode, start + len(content)), unread
    )


def _inode(file: Path) -> int | None:
    try:
        return file.stat().st_ino
    except FileNotFoundError:
        return None


def _list_rotated_files(file: Path) -> list[Path]:
    return [old for old in file.parent.glob(f"{file.name}*") if old != file and not old.name.endswith((".gz", ".xz"))]

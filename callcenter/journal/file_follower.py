"""Reads a growing file from a saved place, through rotation and with a last line that may be half written."""

from dataclasses import dataclass, replace
from pathlib import Path

LONGEST_READ = 1 << 18


@dataclass(frozen=True, slots=True)
class FilePosition:
    """A place in a file: which file it is (by inode, names change hands), and the byte."""

    inode: int
    offset: int


@dataclass(frozen=True, slots=True)
class FileChunk:
    """Whole lines in their order, without their ends, and the place behind them. `has_more`: there was more to read.
    `is_file_lost`: the file that held the place is gone, and whatever it still held."""

    lines: tuple[str, ...]
    position: FilePosition | None
    has_more: bool = False
    is_file_lost: bool = False


def read_chunk(file: Path, position: FilePosition | None, *, limit: int = LONGEST_READ) -> FileChunk:
    """The next whole lines of about `limit` bytes at most, from `position`, or from the beginning when it is None.

    A rotated file is looked for beside `file` (`file.1`, `file-2026…`) and read to its end before the new one.
    A file that became shorter is read from its beginning. Empty, with the same place, when nothing is new.
    """
    current = _inode(file)
    if position is not None and position.inode != current:
        rotated = next((old for old in _list_rotated_files(file) if _inode(old) == position.inode), None)
        if rotated is not None:
            # Nobody writes a rotated file once a new one exists, so its last line is whole even without an end.
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
    except FileNotFoundError:  # moved away in this very moment: the next reading finds it
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

"""Reads a log file backwards, newest line first."""

from collections.abc import Iterator
from pathlib import Path

BLOCK_BYTES = 1 << 16


def read_backwards(file: Path, *, limit: int) -> Iterator[str]:
    """Yields the lines of `file`, last line first, then those of its rotated files (`file.1`, …), newest file first.

    `limit`: total of bytes read from all files; a line cut by the limit is left out. A missing file has no lines.
    """
    for place in (file, *_list_rotated_files(file)):
        try:
            with place.open("rb") as opened:
                at = opened.seek(0, 2)
                rest = b""
                while at > 0 and limit > 0:
                    size = min(BLOCK_BYTES, at)
                    at -= size
                    limit -= size
                    opened.seek(at)
                    first, *lines = (opened.read(size) + rest).split(b"\n")
                    rest = first
                    for line in reversed(lines):
                        if line.strip():
                            yield line.decode(errors="replace")
                if at == 0 and rest.strip():
                    yield rest.decode(errors="replace")
        except FileNotFoundError:
            continue


def _list_rotated_files(file: Path) -> list[Path]:
    others = [other for other in file.parent.glob(f"{file.name}.*") if not other.name.endswith((".gz", ".xz"))]
    return sorted(others, key=lambda other: other.stat().st_mtime, reverse=True)

"""Reads a growing file from its end: what happened last stands there."""

from collections.abc import Iterator
from pathlib import Path

BLOCK_BYTES = 1 << 16


def read_backwards(file: Path, *, limit: int) -> Iterator[str]:
    """The whole lines of `file`, the last one first, over at most `limit` bytes; then those of the files it was rotated
    to (`file.1`, …), the youngest first. Nothing when there is no file."""
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

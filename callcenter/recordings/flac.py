"""Converts a raw recording to a FLAC file, atomically. Blocking: call it in a thread."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile

from callcenter.core.errors import CallcenterError
from callcenter.recordings.gaps import Gap
from callcenter.recordings.late_packets import remove_late_packet_holes

RATE = 8000
CHANNELS = 2
FRAME_BYTES = CHANNELS * 2
_BLOCK_FRAMES = RATE * 4

Block = npt.NDArray[np.int16]
"""Samples: rows are sample times, columns are the caller and our side."""


class BrokenRecording(CallcenterError):
    """A recording read back from disk differs from what was written."""


@dataclass(frozen=True, slots=True)
class WrittenRecording:
    """`peaks`: the largest absolute sample of the caller's side and of our side, 0 to 32768."""

    seconds: float
    bytes: int
    sha256: str
    peaks: tuple[int, int]


def write_flac(raw: Path, target: Path, *, root: Path, gaps: Sequence[Gap], surplus: float = 0.0) -> WrittenRecording:
    """Writes `target` (below `root`) from `raw` with silence in the gaps, and verifies every sample by reading it back.

    `surplus`: seconds by which the raw file is longer than its call. That much is removed where late packets left
    holes; then `gaps` are ignored.

    Directories get mode 0700, the file 0600. The file appears under its final name only when it is complete and synced
    to disk. Raises OSError (for example on a full disk) and BrokenRecording; neither leaves a file behind.
    """
    _make_directories(target.parent, root)
    part = target.with_name(f".{target.name}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        frames, written_sum, peaks = _encode(raw, part, gaps, surplus)
        if _read_back(part) != (frames, written_sum):
            raise BrokenRecording(f"{target.name}: the file does not hold what was written into it; is the disk full?")
        descriptor = os.open(part, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            with os.fdopen(os.dup(descriptor), "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        part.replace(target)
        _sync_directory(target.parent)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise BrokenRecording(f"{target.name}: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return WrittenRecording(frames / RATE, size, digest, peaks)


def _encode(raw: Path, part: Path, gaps: Sequence[Gap], surplus: float) -> tuple[int, bytes, tuple[int, int]]:
    frames = 0
    checksum = hashlib.sha256()
    peaks = np.zeros(CHANNELS, dtype=np.int32)
    with soundfile.SoundFile(part, "w", samplerate=RATE, channels=CHANNELS, subtype="PCM_16", format="FLAC") as out:
        for block in _blocks_without_late_packets(raw, surplus) if surplus else _blocks_with_silence(raw, gaps):
            out.write(block)
            frames += len(block)
            checksum.update(block.tobytes())
            peaks = np.maximum(peaks, np.abs(block.astype(np.int32)).max(axis=0))
    return frames, checksum.digest(), (int(peaks[0]), int(peaks[1]))


def _read_back(part: Path) -> tuple[int, bytes]:
    frames = 0
    checksum = hashlib.sha256()
    with soundfile.SoundFile(part) as file:
        while len(block := file.read(_BLOCK_FRAMES, dtype="int16", always_2d=True)):
            frames += len(block)
            checksum.update(block.tobytes())
    return frames, checksum.digest()


def _blocks_without_late_packets(raw: Path, surplus: float) -> Iterator[Block]:
    content = np.fromfile(raw, dtype="<i2")
    yield remove_late_packet_holes(
        content[: len(content) // CHANNELS * CHANNELS].reshape(-1, CHANNELS), surplus=surplus
    )


def _blocks_with_silence(raw: Path, gaps: Sequence[Gap]) -> Iterator[Block]:
    """The raw file's samples with silence in the gaps. `Gap.at` is a time in the padded recording."""
    written = 0
    with raw.open("rb") as file:
        for gap in gaps:
            for block in _read_blocks(file, round(gap.at * RATE) - written):
                written += len(block)
                yield block
            silence = round(gap.seconds * RATE)
            written += silence
            while silence > 0:
                size = min(silence, _BLOCK_FRAMES)
                yield np.zeros((size, CHANNELS), dtype=np.int16)
                silence -= size
        yield from _read_blocks(file, None)


def _read_blocks(file: BinaryIO, frames: int | None) -> Iterator[Block]:
    """The next `frames` frames, or fewer at the end of the file. None: all the rest."""
    while frames is None or frames > 0:
        content = file.read(FRAME_BYTES * (_BLOCK_FRAMES if frames is None else min(frames, _BLOCK_FRAMES)))
        whole = len(content) // FRAME_BYTES  # a crash may have cut the last frame
        if not whole:
            return
        if frames is not None:
            frames -= whole
        yield np.frombuffer(content, dtype="<i2", count=whole * CHANNELS).reshape(whole, CHANNELS)


def _make_directories(directory: Path, root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in (*reversed(directory.relative_to(root).parents), directory.relative_to(root)):
        (root / path).mkdir(exist_ok=True, mode=0o700)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

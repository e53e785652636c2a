"""The shape of a recording, small enough to be drawn: the loudest sample of each short stretch of each side."""

import threading
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile

STRETCHES = 1600
LOUDEST = 100
_BLOCK_FRAMES = 1 << 18
"""Frames read at a time: an hour's recording never lies in memory as a whole."""
_PEAK_QUANTILE = 0.995
"""This share of the stretches fits the height; a click louder than all speech does not press the rest flat."""
_MEASURE_LOCK = threading.Lock()
"""The machine has calls to carry: ten cards opened at once take turns."""


def measure_waveform(file: Path) -> list[list[int]]:
    """For each channel `STRETCHES` numbers from 0 to `LOUDEST`, fewer for a very short file.

    Takes about a second for an hour: for a thread. Raises soundfile.LibsndfileError for what is no recording.
    """
    stat = file.stat()
    with _MEASURE_LOCK:
        return _measure(file, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _measure(file: Path, _modified: int, _bytes: int) -> list[list[int]]:
    with soundfile.SoundFile(file) as sound:
        length = max(1, -(-sound.frames // STRETCHES))
        peaks: list[np.ndarray] = []
        for block in sound.blocks(blocksize=max(1, _BLOCK_FRAMES // length) * length, dtype="int16", always_2d=True):
            loud = np.abs(block.astype(np.int32))
            whole = np.zeros((-(-len(loud) // length) * length, loud.shape[1]), dtype=np.int32)
            whole[: len(loud)] = loud
            peaks.append(whole.reshape(-1, length, loud.shape[1]).max(axis=1))
    if not peaks:
        return []
    levels = np.concatenate(peaks)
    ceiling = max(1.0, float(np.quantile(levels, _PEAK_QUANTILE)))
    scaled = np.clip(levels * LOUDEST / ceiling, 0, LOUDEST).astype(int)
    return [[int(level) for level in channel] for channel in scaled.T]

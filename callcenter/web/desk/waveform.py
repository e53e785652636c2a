"""Waveform of a recording, small enough to draw: the peak sample of each short interval of each channel."""

import threading
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile

STRETCHES = 1600
"""Maximum number of intervals per channel. More gives a finer drawing and a larger answer."""
LOUDEST = 100
"""Level of an interval whose peak fills the full height."""
_BLOCK_FRAMES = 1 << 18
"""Frames read at a time, so that an hour-long recording is never in memory as a whole."""
_PEAK_QUANTILE = 0.995
"""Quantile of the interval peaks that is drawn at full height; higher peaks are clipped. At 1.0 a single click louder
than all speech would flatten the rest; a lower value clips more of the speech."""
_MEASURE_LOCK = threading.Lock()
"""One measurement at a time: ten cards opened at once must not take the processor from the calls."""


def measure_waveform(file: Path) -> list[list[int]]:
    """Returns for each channel at most `STRETCHES` levels from 0 to `LOUDEST`; an empty list for a file without audio.

    Blocks for about a second per hour of audio: call it in a thread. The last 64 results are cached. Raises
    soundfile.LibsndfileError when the file is not a readable recording.
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

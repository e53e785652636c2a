"""Prepares samples for the telephone: 8 kHz, uniform loudness, no long silence at the edges."""

import os
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from callcenter.speech.voice import RATE

Samples = npt.NDArray[np.float64]
"""One channel, full scale is 1.0."""

PEAK = 10 ** (-3 / 20)
"""-3 dBFS: loud on a telephone, with headroom for the codec."""
_LEADING_SECONDS = 0.03
"""Silence kept before the speech."""
_TRAILING_SECONDS = 0.12
"""Silence kept after the speech."""
_FRAME = RATE // 100
"""Samples in a frame of 10 ms."""
_FLOOR = 10 ** (-40 / 20)
"""A frame 40 dB below the loudest one is silence: breaths and a synthesizer's hum are at that level."""


def resample(samples: Samples, rate: int) -> Samples:
    """Converts `samples` from `rate` Hz to 8 kHz.

    A higher rate first passes a low-pass at 3.7 kHz (Hamming-windowed sinc). A rate that is no multiple of 8 kHz is
    interpolated linearly.
    """
    if rate == RATE or not len(samples):
        return samples
    if rate > RATE:
        taps = 2 * (8 * rate // RATE) + 1
        turns = (np.arange(taps) - taps // 2) * (2 * 3700 / rate)
        kernel = np.sinc(turns) * np.hamming(taps)
        samples = np.convolve(samples, kernel / kernel.sum(), mode="same")
    moments = np.arange(int(len(samples) * RATE / rate)) * (rate / RATE)
    if rate % RATE == 0:
        return samples[:: rate // RATE]
    resampled: Samples = np.interp(moments, np.arange(len(samples)), samples)
    return resampled


def level_and_trim(samples: Samples) -> Samples | None:
    """Scales 8 kHz speech to a peak of -3 dBFS; cuts it 30 ms before the first loud frame and 120 ms after the last.

    At most 50 ms of silence remain before the speech and 150 ms after it. Returns None for silence, for non-finite
    samples and for less than 10 ms of sound.
    """
    if len(samples) < _FRAME or not np.isfinite(samples).all():
        return None
    samples = samples - samples.mean()
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    loudness = np.sqrt((frames**2).mean(axis=1))
    if loudness.max() < 1e-4:
        return None
    speech = np.flatnonzero(loudness > loudness.max() * _FLOOR)
    first = max(0, speech[0] * _FRAME - int(_LEADING_SECONDS * RATE))
    last = min(len(samples), (speech[-1] + 1) * _FRAME + int(_TRAILING_SECONDS * RATE))
    cut = samples[first:last]
    levelled: Samples = cut * (PEAK / np.abs(cut).max())
    return levelled


def write_wav(file: Path, samples: Samples) -> None:
    """Writes 8 kHz mono 16-bit WAV atomically (draft file and rename)."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with wave.open(str(draft), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(RATE)
            sound.writeframes(np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2").tobytes())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


PAUSE_SECONDS = 0.35
"""Pause between two sentences, about as long as a speaker's breath."""


def join_parts(parts: Sequence[Path], file: Path) -> bool:
    """Joins the sounds of `parts`, each leveled and trimmed, with a pause between them, into the prompt `file`.

    The parts may have any sample rate and loudness. Returns False, and writes no file, when all parts are silent.
    Raises OSError and soundfile.LibsndfileError when a part cannot be read.
    """
    pause: Samples = np.zeros(int(PAUSE_SECONDS * RATE))
    sounds: list[Samples] = []
    for part in parts:
        samples, rate = soundfile.read(str(part), dtype="float64", always_2d=True)
        heard = level_and_trim(resample(samples.mean(axis=1), rate))
        if heard is not None:
            sounds += [pause, heard] if sounds else [heard]
    if sounds:
        write_wav(file, np.concatenate(sounds))
    return bool(sounds)

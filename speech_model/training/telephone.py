"""What a telephone line, a room and a street do to speech: augmentation. 8 kHz, 16-bit scale."""

import functools
import io
from collections.abc import Sequence

import numpy as np
import soundfile
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

from speech_model.training.sound import RATE, Samples

_FRAME = RATE // 50
"""A packet of 20 ms."""
_GOOD = 0.5
_QUIETEST, _LOUDEST = 2.2, 3.9
"""Powers of ten of the root mean square."""


def distort(samples: Samples, chance: Generator, others: Sequence[NDArray[np.int16]]) -> Samples:
    """A copy as it might arrive in a call, a good one half the time; `others` are voices for background babble."""
    if chance.random() < _GOOD:
        sound = change_speed(samples, chance.uniform(0.9, 1.12))
        sound = set_level(sound, 10 ** chance.uniform(_QUIETEST, _LOUDEST))
        return a_law(sound + chance.standard_normal(len(sound), dtype=np.float32) * chance.uniform(0, 20))
    sound = change_speed(samples, chance.uniform(0.87, 1.15))
    if chance.random() < 0.3:
        sound = reverberate(sound, chance)
    sound = np.concatenate(
        [np.zeros(int(chance.uniform(0.05, 0.6) * RATE)), sound, np.zeros(int(chance.uniform(0.1, 0.7) * RATE))]
    )
    if chance.random() < 0.5:
        sound = lfilter([1, -chance.uniform(-0.5, 0.6)], [1], sound)  # a microphone's tilt
    if chance.random() < 0.65:
        band = [chance.uniform(80, 350), chance.uniform(2800, 3800)]
        sound = sosfilt(butter(int(chance.integers(1, 4)), band, "band", fs=RATE, output="sos"), sound)
    sound = set_level(sound, 10 ** chance.uniform(_QUIETEST, _LOUDEST))
    if chance.random() < 0.7:
        sound = add_noise(sound, chance.uniform(4, 35), chance, others)
    if chance.random() < 0.1:
        sound = np.clip(sound, -1, 1) if not sound.any() else _clip(sound, chance.uniform(0.15, 0.6))
    if chance.random() < 0.15:
        sound = lose_packets(sound, chance.uniform(0.01, 0.1), chance)
    kind = chance.random()
    sound = np.clip(sound, -32767, 32767)
    if kind < 0.45:
        return a_law(sound)
    if kind < 0.65:
        return mu_law(sound)
    return gsm(sound) if kind < 0.75 else np.rint(sound).astype(np.float32)


def make_silence(chance: Generator) -> Samples:
    """A line on which nobody speaks near."""
    quiet = np.zeros(int(chance.uniform(1, 4) * RATE), dtype=np.float32)
    quiet += chance.standard_normal(len(quiet)) * 10 ** chance.uniform(0, 1.5)
    return a_law(add_noise(quiet, chance.uniform(-30, 0), chance, ()))


def change_speed(samples: Samples, factor: float) -> Samples:
    """Pitch, formants and tempo together, as a tape does."""
    places = np.arange(int(len(samples) / factor)) * factor
    return np.interp(places, np.arange(len(samples)), samples).astype(np.float32)


def reverberate(samples: Samples, chance: Generator) -> Samples:
    seconds = chance.uniform(0.08, 0.5)
    times = np.arange(int(seconds * RATE)) / RATE
    echo = chance.standard_normal(len(times)) * np.exp(-6.9 * times / seconds)
    echo[: int(chance.uniform(0.001, 0.01) * RATE)] = 0
    echo *= chance.uniform(0.1, 0.6) / np.sqrt((echo**2).sum() + 1e-9)
    echo[0] = 1
    return fftconvolve(samples, echo)[: len(samples)].astype(np.float32)


def set_level(samples: Samples, level: float) -> Samples:
    loud = samples[np.abs(samples) > np.abs(samples).max() * 0.02]
    return samples * (level / (np.sqrt((loud**2).mean()) + 1e-3)) if len(loud) else samples


def add_noise(samples: Samples, ratio: float, chance: Generator, others: Sequence[NDArray[np.int16]]) -> Samples:
    """Noise `ratio` dB below the speech."""
    noise = make_noise(len(samples), chance, others)
    power = np.sqrt((samples**2).mean()) + 1e-3
    return samples + noise * power * 10 ** (-ratio / 20) / (np.sqrt((noise**2).mean()) + 1e-6)


def make_noise(length: int, chance: Generator, others: Sequence[NDArray[np.int16]]) -> Samples:
    """White, street, a band, mains hum, or a few voices."""
    kind = chance.integers(6)
    white = chance.standard_normal(length, dtype=np.float32)
    if kind == 0:
        return white
    if kind == 1:
        return lfilter([1], [1, -chance.uniform(0.7, 0.98)], white)
    if kind == 2:
        band = [chance.uniform(50, 600), chance.uniform(900, 3000)]
        return sosfilt(butter(2, band, "band", fs=RATE, output="sos"), white)
    if kind == 3:
        hum = sum(np.sin(2 * np.pi * 50 * k * np.arange(length) / RATE) / k for k in range(1, 8))
        return hum * 0.7 + white * 0.3
    if kind == 4:  # it comes and goes
        slow = np.interp(np.arange(length), np.linspace(0, length, 12), chance.uniform(0, 1, 12) ** 2)
        return lfilter([1], [1, -chance.uniform(0, 0.9)], white) * slow
    if not len(others):
        return white
    babble = np.zeros(length, dtype=np.float32)
    for _ in range(chance.integers(2, 6)):
        other = others[chance.integers(len(others))]
        begin = chance.integers(max(len(other) - length, 1))
        babble += np.resize(other[begin : begin + length], length) * chance.uniform(0.3, 1)
    return babble


def lose_packets(samples: Samples, share: float, chance: Generator) -> Samples:
    """Packets are lost now and then two or three in a row; some receivers are silent then, some repeat the last one."""
    sound = samples.copy()
    repeats = chance.random() < 0.5
    count = len(sound) // _FRAME
    lost = chance.random(count) < share / 1.4
    lost[1:] |= lost[:-1] & (chance.random(count - 1) < 0.3) if count > 1 else lost[1:]
    for frame in np.flatnonzero(lost):
        begin = frame * _FRAME
        sound[begin : begin + _FRAME] = sound[begin - _FRAME : begin] * 0.7 if repeats and frame else 0
    return sound


def a_law(samples: Samples) -> Samples:
    """Through ITU-T G.711 A-law and back."""
    return _look_up(samples, "ALAW")


def mu_law(samples: Samples) -> Samples:
    """Through ITU-T G.711 mu-law and back."""
    return _look_up(samples, "ULAW")


def gsm(samples: Samples) -> Samples:
    """Through GSM 06.10 full rate and back."""
    return _through(samples, "GSM610")


@functools.cache
def _table(codec: str) -> Samples:
    return _through(np.arange(-32768, 32768, dtype=np.float32), codec)


def _look_up(samples: Samples, codec: str) -> Samples:
    return _table(codec)[np.clip(np.rint(samples), -32768, 32767).astype(np.int32) + 32768]


def _through(samples: Samples, codec: str) -> Samples:
    file = io.BytesIO()
    soundfile.write(file, samples / 32768, RATE, format="WAV", subtype=codec)
    file.seek(0)
    sound: Samples = soundfile.read(file, dtype="float32")[0][: len(samples)] * 32768
    return sound


def _clip(samples: Samples, share: float) -> Samples:
    top = np.abs(samples).max() * share
    return np.clip(samples, -top, top)

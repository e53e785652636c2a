"""Sounds for the ear's tests: noise, coughs, levels, telephone lines."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from callcenter.hearing.server.engine import RATE
from callcenter.speech.sound import resample
from tools.softphone.g711 import decode_alaw, encode_alaw

Sound = npt.NDArray[np.int16]
FRAME = RATE // 50

_MAN = Path("/usr/share/festival/voices/russian/msu_ru_nsh_clunits/wav")
"""festvox-ru is made of 620 recorded sentences; they lie beside it."""

_SEED = 20
_random = np.random.default_rng(_SEED)


def reset_chance() -> None:
    """Begins the noise anew: a test hears the same one whatever ran before it in its process."""
    global _random  # noqa: PLW0603  (one generator for all sounds of a test)
    _random = np.random.default_rng(_SEED)


def noise(seconds: float, *, level: float) -> Sound:
    """White noise at `level` dB below full scale."""
    return round_off(_random.normal(0, 32768 * 10 ** (level / 20), int(seconds * RATE)))


def cough() -> Sound:
    """A burst of noise through a throat: steep, a third of a second, no voice."""
    length = int(_random.uniform(0.15, 0.4) * RATE)
    shape = np.concatenate([np.linspace(0, 1, 60), np.exp(-np.arange(length - 60) / _random.uniform(300, 900))])
    hertz = _random.uniform(500, 2000)
    throat = np.sin(2 * np.pi * hertz / RATE * np.arange(60)) * np.exp(-np.arange(60) / 12)
    return round_off(np.convolve(_random.normal(0, 5000, length) * shape, throat))


def read_man(sentence: int, *, level: float) -> Sound:
    """One of the man's sentences, beginning with its first audible frame; its loud parts have `level`."""
    sound, rate = soundfile.read(sorted(_MAN.glob("*.wav"))[10 * sentence])
    sound = resample(sound, rate)
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    energy = (frames**2).mean(axis=1)
    loud = energy > energy.max() * 10**-2.5
    sound = sound[np.flatnonzero(loud)[0] * FRAME :]
    return round_off(sound * (32768 * 10 ** (level / 20) / np.sqrt(energy[loud].mean())))


def quieter(sound: Sound, decibels: float) -> Sound:
    return round_off(sound * 10 ** (-decibels / 20))


def over_the_line(sound: Sound, *, lost: float = 0.0) -> Sound:
    """A-law there and back; each packet is lost with the probability `lost`, and the rest moves up."""
    packets = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    return decode_alaw(encode_alaw(packets[_random.random(len(packets)) >= lost].reshape(-1)))


def to_bytes(sound: Sound) -> bytes:
    return sound.astype("<i2").tobytes()


def cut(sound: Sound, *, seconds: float = 0.02) -> list[bytes]:
    """Pieces of equal length; what is left over at the end is dropped."""
    size = int(seconds * RATE)
    return [to_bytes(sound[begin : begin + size]) for begin in range(0, len(sound) - size + 1, size)]


def round_off(sound: npt.NDArray[np.float64]) -> Sound:
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)

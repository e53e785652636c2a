"""Ears: where in a sound a prompt or a tone is, and how loud it is. Pure arithmetic on 8 kHz samples.

A prompt is found by normalised cross-correlation: the cosine of the angle between the prompt and every stretch of the
same length. It does not depend on level; A-law costs it a ten-thousandth, each lost percent of packets half of one. In
the same voice another text scores below 0.2, and the same text with another last word 0.85 (measured, and kept in
tests/softphone/test_ears.py). `MATCH` stands above both: «this text was said, to its end».
"""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tools.softphone.g711 import RATE, Samples

MATCH = 0.92
"""Score from which a prompt counts as heard."""

_PIECE = RATE // 2
_HITCH = RATE // 2
"""The longest pause in the middle of a prompt that is forgiven: a busy machine, a network that held packets back."""
_SAME_PIECE = 0.9
_AUDIBLE = 200
"""A-law silence is 8, comfort noise some tens; the quietest beginning of a word is above."""
_WINDOW = 160
_FAINT = 100.0
"""Root mean square below which a window holds no tone worth the name."""
_SAME_TONE = 3
"""Windows that may be missing inside one span of a tone: lost packets, a click."""


@dataclass(frozen=True, slots=True)
class Found:
    """A prompt begins at `second`; `score` is 1 for the very same sound, near 0 for anything else."""

    second: float
    score: float


@dataclass(frozen=True, slots=True)
class Span:
    """From second `begin` to second `end`."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin


def read_wav(file: Path) -> Samples:
    """The samples of a mono 16-bit 8 kHz WAV file. Raises ValueError for another format, OSError."""
    with wave.open(str(file), "rb") as sound:
        shape = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
        if shape != (1, 2, RATE):
            raise ValueError(f"{file}: channels, bytes and rate are {shape}, must be (1, 2, {RATE})")
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").astype(np.int16)


def find_prompt(heard: Samples, prompt: Samples, *, at_least: float = MATCH) -> Found | None:
    """Where `prompt` is in `heard`, if its score is `at_least`; the best place when there are several.

    A prompt cut short (the caller interrupted it) scores the root of the share of its energy that was played.
    """
    sample = _trimmed(prompt)
    lead, wanted = sample
    if len(wanted) == 0 or len(heard) == 0:
        return None
    power = float(np.dot(wanted, wanted))
    sound = np.concatenate([heard.astype(np.float64), np.zeros(len(wanted))])  # the end may be cut off
    size = 1 << (len(sound) + len(wanted) - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(wanted, size)), size)[: len(heard)]
    sums = np.concatenate([[0.0], np.cumsum(sound * sound)])
    energy = sums[len(wanted) : len(wanted) + len(heard)] - sums[: len(heard)]
    floor = len(wanted) * _FAINT  # near-silence must not match by its rounding errors
    scores = product / np.sqrt(power * np.maximum(energy, floor))
    best = int(np.argmax(scores))
    score = float(min(scores[best], 1.0))
    return Found((best - lead) / RATE, score) if score >= at_least else None


def find_whole(heard: Samples, prompt: Samples, *, at_least: float = MATCH) -> Found | None:
    """As find_prompt, but forgives hitches: everything after a pause in the middle of a prompt is late.

    The score is then the share of the prompt's half seconds that were heard, each in its turn; the one with the hitch
    in it counts as heard once.
    """
    found = find_prompt(heard, prompt, at_least=0.0)
    if found is None or found.score >= at_least:
        return found
    start = find_prompt(heard, beginning(prompt, 1.0), at_least=_SAME_PIECE)
    if start is None:
        return None
    share = _follow(heard, prompt, int(start.second * RATE))
    return Found(start.second, share) if share >= at_least else None


def beginning(prompt: Samples, seconds: float) -> Samples:
    """The prompt from its begin until `seconds` after its first audible sample."""
    lead, _ = _trimmed(prompt)
    return prompt[: lead + int(seconds * RATE)]


def find_tone(heard: Samples, hertz: float, *, share: float = 0.5, lasting: float = 0.1) -> list[Span]:
    """Every span of at least `lasting` seconds in which `hertz` carries `share` of the energy, to 20 ms."""
    count = len(heard) // _WINDOW
    windows = heard[: count * _WINDOW].astype(np.float64).reshape(count, _WINDOW)
    energy = np.einsum("ij,ij->i", windows, windows)
    turns = np.exp(-2j * np.pi * hertz / RATE * np.arange(_WINDOW))
    carried = np.abs(windows @ turns) ** 2 * (2 / _WINDOW)
    holds = (energy > _FAINT**2 * _WINDOW) & (carried >= share * energy)
    return [span for span in _spans(holds) if span.seconds >= lasting]


def find_loud(heard: Samples, *, above: float = -45.0) -> list[Span]:
    """Every span in which the level of 20 ms windows is above `above` dB (0 dB: full scale), to 20 ms."""
    count = len(heard) // _WINDOW
    windows = heard[: count * _WINDOW].astype(np.float64).reshape(count, _WINDOW)
    energy = np.einsum("ij,ij->i", windows, windows) / _WINDOW
    return _spans(energy > (32768 * 10 ** (above / 20)) ** 2)


def level(heard: Samples) -> float:
    """Level in dB below full scale; -100 for nothing at all."""
    if len(heard) == 0:
        return -100.0
    square = float(np.mean(heard.astype(np.float64) ** 2))
    return max(10 * float(np.log10(max(square, 1e-9) / 32768**2)), -100.0)


def is_audible(samples: Samples) -> bool:
    """Whether any sample stands out of the line's own noise."""
    return bool(np.any(np.abs(samples.astype(np.int32)) > _AUDIBLE))


def _follow(heard: Samples, prompt: Samples, offset: int) -> float:
    """The share of the prompt's pieces heard in their order from `offset` on."""
    good = loud = 0
    floor = level(prompt) - 20
    for begin in range(0, len(prompt) - _PIECE // 2, _PIECE):
        piece = prompt[begin : begin + _PIECE]
        if level(piece) < floor:
            continue
        loud += 1
        place = max(offset + begin - 80, 0)
        found = find_prompt(heard[place : place + len(piece) + _HITCH], piece, at_least=_SAME_PIECE)
        if found is not None:
            good += 1
            offset = place + round(found.second * RATE) - begin
    return min(good + 1, loud) / loud if loud else 0.0


def _trimmed(prompt: Samples) -> tuple[int, npt.NDArray[np.float64]]:
    """The prompt without the silence at its ends, and how many samples were taken off its beginning."""
    loud = np.flatnonzero(np.abs(prompt.astype(np.int32)) > _AUDIBLE)
    if len(loud) == 0:
        return 0, np.zeros(0)
    return int(loud[0]), prompt[loud[0] : loud[-1] + 1].astype(np.float64)


def _spans(holds: npt.NDArray[np.bool_]) -> list[Span]:
    spans: list[Span] = []
    for index in np.flatnonzero(holds):
        begin, end = index * _WINDOW / RATE, (index + 1) * _WINDOW / RATE
        if spans and begin - spans[-1].end <= _SAME_TONE * _WINDOW / RATE:
            spans[-1] = Span(spans[-1].begin, float(end))
        else:
            spans.append(Span(float(begin), float(end)))
    return spans

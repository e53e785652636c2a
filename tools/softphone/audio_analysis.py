"""Finds prompts and tones in received audio and measures its level. Pure computation on 8 kHz samples.

A prompt is found by normalized cross-correlation: the cosine similarity of the prompt and each section of the audio of
the same length. The score does not depend on the level. A-law lowers it by 0.0001, each percent of lost packets by
0.005. In the same voice, a different text scores below 0.2, and the same text with a different last word about 0.85
(measured; asserted in tests/tools/test_audio_analysis.py).
"""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tools.softphone.g711 import RATE, Samples

MATCH = 0.92
"""Score from which a prompt counts as heard to its end; above the scores of other texts, see the module docstring."""

_PIECE = RATE // 2
"""Samples of one piece of a prompt in `find_whole`."""
_HITCH = RATE // 2
"""Samples of the longest tolerated pause within a prompt, caused by a busy machine or a network delay."""
_SAME_PIECE = 0.9
"""Score from which a piece counts as heard."""
_AUDIBLE = 200
"""Absolute sample value above which sound is audible. A-law silence is 8, comfort noise some tens; speech is above."""
_WINDOW = 160
"""Samples of one analysis window, 20 ms."""
_FAINT = 100.0
"""Root mean square of the samples below which a window has no tone."""
_SAME_TONE = 3
"""Windows without the tone that may be inside one span: lost packets, a click."""


@dataclass(frozen=True, slots=True)
class Found:
    """A prompt begins at `second` of the audio; `score` is 1 for identical sound, near 0 for unrelated sound."""

    second: float
    score: float


@dataclass(frozen=True, slots=True)
class Span:
    """A time interval, in seconds of the audio."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin


def read_wav(file: Path) -> Samples:
    """Reads a mono 16-bit 8 kHz WAV file. Raises ValueError for another format, OSError."""
    with wave.open(str(file), "rb") as sound:
        shape = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
        if shape != (1, 2, RATE):
            raise ValueError(f"{file}: channels, bytes and rate are {shape}, must be (1, 2, {RATE})")
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").astype(np.int16)


def find_prompt(heard: Samples, prompt: Samples, *, at_least: float = MATCH) -> Found | None:
    """Returns the best match of `prompt` in `heard`; None when its score is below `at_least`.

    An interrupted prompt scores the square root of the share of its energy that was played.
    """
    sample = _trimmed(prompt)
    lead, wanted = sample
    if len(wanted) == 0 or len(heard) == 0:
        return None
    power = float(np.dot(wanted, wanted))
    sound = np.concatenate([heard.astype(np.float64), np.zeros(len(wanted))])  # the prompt may be cut off at the end
    size = 1 << (len(sound) + len(wanted) - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(wanted, size)), size)[: len(heard)]
    sums = np.concatenate([[0.0], np.cumsum(sound * sound)])
    energy = sums[len(wanted) : len(wanted) + len(heard)] - sums[: len(heard)]
    floor = len(wanted) * _FAINT  # rounding errors of near-silence must not match
    scores = product / np.sqrt(power * np.maximum(energy, floor))
    best = int(np.argmax(scores))
    score = float(min(scores[best], 1.0))
    return Found((best - lead) / RATE, score) if score >= at_least else None


def find_whole(heard: Samples, prompt: Samples, *, at_least: float = MATCH) -> Found | None:
    """Like find_prompt, but tolerates pauses within the prompt of up to half a second each.

    If the whole prompt does not match, the score is the share of its half-second pieces that were heard in order. One
    missing piece, the one with the pause, counts as heard.
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
    """The prompt from its start until `seconds` after its first audible sample."""
    lead, _ = _trimmed(prompt)
    return prompt[: lead + int(seconds * RATE)]


def find_tone(heard: Samples, hertz: float, *, share: float = 0.5, lasting: float = 0.1) -> list[Span]:
    """Spans of at least `lasting` seconds in which `hertz` has at least `share` of the energy; resolution 20 ms."""
    count = len(heard) // _WINDOW
    windows = heard[: count * _WINDOW].astype(np.float64).reshape(count, _WINDOW)
    energy = np.einsum("ij,ij->i", windows, windows)
    turns = np.exp(-2j * np.pi * hertz / RATE * np.arange(_WINDOW))
    carried = np.abs(windows @ turns) ** 2 * (2 / _WINDOW)
    holds = (energy > _FAINT**2 * _WINDOW) & (carried >= share * energy)
    return [span for span in _spans(holds) if span.seconds >= lasting]


def find_loud(heard: Samples, *, above: float = -45.0) -> list[Span]:
    """Spans in which the level of 20 ms windows is above `above` dBFS; resolution 20 ms."""
    count = len(heard) // _WINDOW
    windows = heard[: count * _WINDOW].astype(np.float64).reshape(count, _WINDOW)
    energy = np.einsum("ij,ij->i", windows, windows) / _WINDOW
    return _spans(energy > (32768 * 10 ** (above / 20)) ** 2)


def level(heard: Samples) -> float:
    """RMS level in dBFS; -100 for digital silence or no samples."""
    if len(heard) == 0:
        return -100.0
    square = float(np.mean(heard.astype(np.float64) ** 2))
    return max(10 * float(np.log10(max(square, 1e-9) / 32768**2)), -100.0)


def is_audible(samples: Samples) -> bool:
    """Whether any sample is above the noise of an idle line."""
    return bool(np.any(np.abs(samples.astype(np.int32)) > _AUDIBLE))


def _follow(heard: Samples, prompt: Samples, offset: int) -> float:
    """Share of the prompt's pieces found in order from sample `offset` on; one missing piece counts as found.

    Pieces more than 20 dB below the level of the prompt are skipped.
    """
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
    """(number of samples removed from the start, the prompt without the silence at both ends)."""
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

"""Strangers' voices out of known ones: the WORLD vocoder (Morise 2016) moves pitch, formants and tempo apart.

WORLD's own aperiodicity takes most of its time; a fixed one, noisier at high frequencies, is enough for a telephone.
"""

import random
from dataclasses import dataclass

import numpy as np
import pyworld

from speech_model.training.sound import RATE, Samples

_PERIOD = 5.0
"""Milliseconds of an analysis frame."""
_VOICED_APERIODICITY = (0.003, 0.5)
"""At 0 Hz and at half the rate."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """Factors on pitch, formants, its melody's range and the tempo."""

    pitch: float
    formants: float
    range: float
    tempo: float
    breath: float = 1.0


def make_stranger(chance: random.Random, *, male: bool) -> Stranger:
    """A woman, a child or another man out of a man; a man or another woman out of a woman."""
    tall = chance.random()
    if male:
        pitch, formants = (
            (chance.uniform(1.45, 2.1), chance.uniform(1.08, 1.24))
            if tall < 0.6
            else (chance.uniform(0.75, 1.4), chance.uniform(0.9, 1.12))
        )
    else:
        pitch, formants = (
            (chance.uniform(0.5, 0.75), chance.uniform(0.8, 0.92))
            if tall < 0.4
            else (chance.uniform(0.8, 1.35), chance.uniform(0.9, 1.12))
        )
    return Stranger(pitch, formants, chance.uniform(0.5, 1.5), chance.uniform(0.8, 1.25), chance.uniform(0.7, 3.0))


class Analysis:
    """A recording taken apart, to be put together in other voices."""

    def __init__(self, samples: Samples) -> None:
        sound = samples.astype(np.float64) / 32768
        pitch, times = pyworld.dio(sound, RATE, f0_floor=60, f0_ceil=420, frame_period=_PERIOD)
        self._pitch = pyworld.stonemask(sound, pitch, times, RATE)
        self._envelope = pyworld.cheaptrick(sound, self._pitch, times, RATE)

    def synthesize_voice(self, stranger: Stranger) -> Samples:
        bins = self._envelope.shape[1]
        log_envelope = np.log(self._envelope)
        places = np.arange(bins) / stranger.formants
        low = np.minimum(places.astype(int), bins - 1)
        high = np.minimum(low + 1, bins - 1)
        share = np.clip(places - low, 0, 1)
        warped = np.exp(log_envelope[:, low] * (1 - share) + log_envelope[:, high] * share)
        voiced = self._pitch > 0
        pitch = self._pitch.copy()
        if voiced.any():
            middle = np.exp(np.log(pitch[voiced]).mean())
            pitch[voiced] = middle * stranger.pitch * (pitch[voiced] / middle) ** stranger.range
        rows = np.arange(0, len(pitch) - 1, stranger.tempo).astype(int)
        curve = np.geomspace(*_VOICED_APERIODICITY, bins) * stranger.breath
        noise = np.where(voiced[:, None], np.clip(curve, 0.001, 0.98)[None], 0.999)
        made = pyworld.synthesize(
            np.ascontiguousarray(pitch[rows]),
            np.ascontiguousarray(warped[rows]),
            np.ascontiguousarray(noise[rows]),
            RATE,
            _PERIOD,
        )
        return np.asarray(made * 32768, dtype=np.float32)

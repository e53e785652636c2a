"""Sound files in and out, and changes of rate. Samples are float32 at the scale of 16 bits."""

import subprocess
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

Samples = NDArray[np.float32]
RATE = 8000
"""The telephone's."""


def read_sound(file: Path | BinaryIO) -> tuple[Samples, int]:
    """The first channel and its rate."""
    sound, rate = soundfile.read(file, dtype="float32", always_2d=True)
    return sound[:, 0] * 32768, int(rate)


def change_rate(samples: Samples, rate: float, to: float) -> Samples:
    if rate == to:
        return samples
    ratio = Fraction(to / rate).limit_denominator(200)
    return resample_poly(samples, ratio.numerator, ratio.denominator).astype(np.float32)


def run_for_sound(command: list[str]) -> bytes:
    """What a synthesiser writes to its standard output."""
    return subprocess.run(command, capture_output=True, check=True).stdout

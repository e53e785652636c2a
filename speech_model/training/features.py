"""Log-mel features as Kaldi computes them, and their exact relation to the MFCC that Vosk feeds to a network."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import rfft

from speech_model.training.sound import RATE, Samples

BINS = 40
LOW, HIGH = 60, 3800
_WINDOW, _SHIFT, _FFT = 200, 80, 256
_PREEMPHASIS = 0.97
_LIFTER = 22.0
"""Kaldi's default --cepstral-lifter."""

Matrix = NDArray[np.float32]


def log_mel(samples: Samples) -> Matrix:
    """Frames of 25 ms every 10 ms: (frames, 40). Kaldi's defaults: Povey's window, pre-emphasis 0.97, no dither."""
    frames = sliding_window_view(samples, _WINDOW)[::_SHIFT]
    frames = frames - frames.mean(axis=1, keepdims=True)
    emphasised = frames.copy()
    emphasised[:, 1:] -= _PREEMPHASIS * frames[:, :-1]
    emphasised[:, 0] -= _PREEMPHASIS * frames[:, 0]
    power = np.abs(rfft(emphasised * _POVEY, _FFT, axis=1)[:, :-1]) ** 2
    logs: Matrix = np.log(np.maximum(power @ _FILTERS, np.finfo(np.float32).eps)).astype(np.float32)
    return logs


def mfcc_matrix() -> NDArray[np.float64]:
    """Kaldi's MFCC of 40 coefficients are this square matrix times the log-mel features (feature-mfcc.cc: orthonormal
    DCT-II, then the lifter), so a network for the one is a network for the other."""
    row = np.arange(BINS)[:, None]
    column = np.arange(BINS)[None]
    cosines = np.sqrt(2 / BINS) * np.cos(np.pi / BINS * (column + 0.5) * row)
    cosines[0] = np.sqrt(1 / BINS)
    lifter = 1 + 0.5 * _LIFTER * np.sin(np.pi * np.arange(BINS) / _LIFTER)
    return np.asarray(lifter[:, None] * cosines)


def _make_filters() -> Matrix:
    """Kaldi's triangles over the mel scale 1127 ln(1 + f / 700): (128, 40)."""
    mel = 1127 * np.log1p(np.arange(_FFT // 2) * RATE / _FFT / 700)
    low, high = (1127 * np.log1p(edge / 700) for edge in (LOW, HIGH))
    edges = np.linspace(low, high, BINS + 2)
    rising = (mel[:, None] - edges[None, :-2]) / (edges[1] - edges[0])
    falling = (edges[None, 2:] - mel[:, None]) / (edges[1] - edges[0])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


_POVEY = (np.hanning(_WINDOW) ** 0.85).astype(np.float32)
_FILTERS = _make_filters()

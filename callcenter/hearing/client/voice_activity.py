"""Whether somebody speaks in 20 ms of sound: webrtcvad, the level, and whether a voice vibrates in it.

Two questions with different costs of a wrong answer. «Is it quiet now?» decides when an answer is complete: webrtcvad
says so, helped by the level, because it goes on saying «speech» for a tenth of a second after the last sound. «Does a
person begin to speak?» stops a prompt, so it must not be a cough, the line's noise or the prompt's own echo: only
frames count that are voiced (they repeat themselves 70 to 400 times a second) and louder than such an echo can be.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import webrtcvad

from callcenter.hearing.server.engine import RATE

FRAME_SECONDS = 0.02
FRAME_BYTES = int(FRAME_SECONDS * RATE) * 2

ECHO_LEVEL = -32.0
"""dB below full scale. Prompts peak at -3 dB, their loudest frames lie at -8.5 dB; 25 dB lower is -33.5 dB. A caller at
the nominal telephone level (-26 dB, ITU-T P.56) has vowels around -20 dB."""
_MIN_SNR = 6.0
_QUIETEST_SPEECH = -55.0
_NOISE_FLOOR_RISE = 0.02
"""dB a frame: a noise that begins is taken for the floor after some seconds."""
_VAD_MODE = 3
"""webrtcvad's mode that lets the least noise through."""
_VOICED_PERIODICITY = 0.6
"""Correlation with the sound one period earlier: noise and coughs stay below 0.3, vowels lie above 0.7."""
_SHORTEST_PERIOD, _LONGEST_PERIOD = RATE // 400, RATE // 70
_FFT_SIZE = 1024


@dataclass(frozen=True, slots=True)
class VoiceFrame:
    """`has_speech`: not quiet. `has_near_voice`: a person's voice, near enough to be the caller's."""

    has_speech: bool
    has_near_voice: bool


class VoiceActivityDetector:
    """Looks at one leg's frames, one after another."""

    def __init__(self) -> None:
        self._detector = webrtcvad.Vad(_VAD_MODE)
        self._before: npt.NDArray[np.float64] = np.zeros(FRAME_BYTES // 2)
        self._floor = _QUIETEST_SPEECH

    def analyze_frame(self, frame: bytes) -> VoiceFrame:
        """`frame` is FRAME_BYTES of 8 kHz sound."""
        sound = np.frombuffer(frame, dtype="<i2").astype(np.float64)
        level = _measure_level(sound)
        self._floor = min(level, self._floor + _NOISE_FLOOR_RISE)
        loud = level > max(self._floor + _MIN_SNR, _QUIETEST_SPEECH)
        speech = bool(self._detector.is_speech(frame, RATE)) and loud
        voice = (
            speech
            and level > ECHO_LEVEL
            and _measure_periodicity(np.concatenate([self._before, sound])) > _VOICED_PERIODICITY
        )
        self._before = sound
        return VoiceFrame(speech, voice)


def _measure_level(sound: npt.NDArray[np.float64]) -> float:
    """Level in dB below full scale; -100 for nothing."""
    square = float(sound @ sound) / len(sound)
    return max(10 * float(np.log10(max(square, 1e-9) / 32768**2)), -100.0)


def _measure_periodicity(sound: npt.NDArray[np.float64]) -> float:
    """How much the sound is like itself one period of a voice earlier: 1 for a pure tone, near 0 for noise."""
    sound = sound - sound.mean()
    alike = np.fft.irfft(np.abs(np.fft.rfft(sound, _FFT_SIZE)) ** 2)[: _LONGEST_PERIOD + 1]
    periods = np.arange(_SHORTEST_PERIOD, _LONGEST_PERIOD + 1)
    shares = alike[periods] / (1 - periods / len(sound))
    return float(np.max(shares) / max(alike[0], 1e-9))

"""Voice activity detection on frames of 20 ms: webrtcvad, signal level and pitch periodicity.

The two results serve two decisions:
- Speech or silence decides when an answer is complete. It needs webrtcvad and the level, because webrtcvad alone still
  reports speech for 0.1 s after the last sound.
- A near voice interrupts a prompt. A cough, line noise or the prompt's own echo must not, so a frame counts only when
  it is voiced (periodic at 70 to 400 Hz) and louder than an echo can be.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import webrtcvad

from callcenter.hearing.server.engine import RATE

FRAME_SECONDS = 0.02
FRAME_BYTES = int(FRAME_SECONDS * RATE) * 2

ECHO_LEVEL = -32.0
"""Level in dBFS that a near voice must exceed. Raising it misses quiet callers; lowering it lets a prompt's echo
interrupt the prompt. Prompts peak at -3 dBFS, their loudest frames lie at -8.5 dBFS; an echo 25 dB lower is at
-33.5 dBFS. A caller at the nominal telephone level (-26 dB, ITU-T P.56) has vowels around -20 dBFS."""
_MIN_SNR = 6.0
"""dB above the noise floor that speech must exceed."""
_QUIETEST_SPEECH = -55.0
"""Level in dBFS that speech must exceed at any noise floor; also the initial noise floor."""
_NOISE_FLOOR_RISE = 0.02
"""Rise of the noise floor in dB a frame (1 dB a second): a new steady noise becomes the floor after some seconds."""
_VAD_MODE = 3
"""webrtcvad's most aggressive mode: it lets the least noise through."""
_VOICED_PERIODICITY = 0.6
"""Correlation with the signal one pitch period earlier that a voiced frame must exceed. Noise and coughs stay below
0.3, vowels lie above 0.7."""
_SHORTEST_PERIOD, _LONGEST_PERIOD = RATE // 400, RATE // 70
"""Pitch periods in samples, for 400 and 70 Hz."""
_FFT_SIZE = 1024


@dataclass(frozen=True, slots=True)
class VoiceFrame:
    """`has_speech`: the frame is not silence. `has_near_voice`: a voice loud enough to be the caller's, not an echo."""

    has_speech: bool
    has_near_voice: bool


class VoiceActivityDetector:
    """Analyzes the successive frames of one leg."""

    def __init__(self) -> None:
        self._detector = webrtcvad.Vad(_VAD_MODE)
        self._before: npt.NDArray[np.float64] = np.zeros(FRAME_BYTES // 2)
        self._floor = _QUIETEST_SPEECH

    def analyze_frame(self, frame: bytes) -> VoiceFrame:
        """`frame` is FRAME_BYTES of 8 kHz linear 16-bit little-endian audio."""
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
    """RMS level in dBFS, at least -100."""
    square = float(sound @ sound) / len(sound)
    return max(10 * float(np.log10(max(square, 1e-9) / 32768**2)), -100.0)


def _measure_periodicity(sound: npt.NDArray[np.float64]) -> float:
    """Highest normalized autocorrelation at a voice's pitch period: 1 for a pure tone, near 0 for noise."""
    sound = sound - sound.mean()
    alike = np.fft.irfft(np.abs(np.fft.rfft(sound, _FFT_SIZE)) ** 2)[: _LONGEST_PERIOD + 1]
    periods = np.arange(_SHORTEST_PERIOD, _LONGEST_PERIOD + 1)
    shares = alike[periods] / (1 - periods / len(sound))
    return float(np.max(shares) / max(alike[0], 1e-9))

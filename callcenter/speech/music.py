"""Synthesizes the music on hold and the beep before a voice message, so that no license is needed.

The music is a slow waltz of eight bars, played twice with different melodies: a soft bass, chords that swell and fade,
a plucked melody with a short echo. Telephones carry 300-3400 Hz, so all tones lie between 130 and 1800 Hz and have few
partials; none resembles a ringing or busy tone. The music fades in and out, so that the loop has no audible seam.
"""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000
_BAR = 3.2
"""Seconds; three beats."""
_LEVEL = 0.28
"""Peak, full scale 1.0: below the peak of the prompts, which interrupt the music."""

Sound = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Bar:
    """One bar as MIDI notes: the bass, the chord, and the three beats of the first and second melody (0 is a rest)."""

    bass: int
    chord: tuple[int, ...]
    first: tuple[int, int, int]
    second: tuple[int, int, int]


_BARS = (
    _Bar(53, (60, 65, 69), (77, 0, 76), (72, 76, 77)),
    _Bar(57, (60, 64, 69), (72, 0, 0), (79, 0, 76)),
    _Bar(58, (62, 65, 70), (74, 77, 0), (77, 74, 70)),
    _Bar(55, (62, 67, 70), (79, 0, 77), (74, 0, 0)),
    _Bar(48, (60, 64, 70), (76, 0, 72), (76, 79, 82)),
    _Bar(53, (60, 65, 69), (77, 81, 0), (81, 0, 77)),
    _Bar(50, (62, 65, 69), (74, 0, 77), (74, 77, 0)),
    _Bar(48, (60, 67, 70), (76, 72, 0), (72, 0, 0)),
)


def write_music(directory: Path) -> Path:
    """Writes about a minute of music for musiconhold's `files` mode, always the same bytes; returns the file's path."""
    file = directory / "callcenter.wav"
    _write(file, _make_music())
    return file


def write_beep(file: Path) -> None:
    """Writes the beep that starts a voice message: 0.35 s of 880 Hz, faded in and out to avoid clicks."""
    _write(file, 0.35 * _make_sine(880.0, 0.35) * _make_envelope(int(0.35 * RATE), rise=0.02, fall=0.05))


def _make_music() -> Sound:
    verses = 2 * [False] + 2 * [True]
    last = 2.0  # seconds for the last notes to fade
    sound = np.zeros(int((len(verses) * len(_BARS) * _BAR / 2 + last) * RATE))
    # A verse is half of the eight bars: two verses with the first melody, then two with the second.
    start = 0.0
    for number, second in enumerate(verses):
        for bar in _BARS[:4] if number % 2 == 0 else _BARS[4:]:
            _play_bar(sound, start, bar, bar.second if second else bar.first)
            start += _BAR
    echo = np.zeros_like(sound)
    delay = int(0.27 * RATE)
    echo[delay:] = 0.25 * sound[:-delay]
    sound += echo
    return np.asarray(_LEVEL * sound / np.max(np.abs(sound)) * _make_envelope(len(sound), rise=0.8, fall=1.8))


def _play_bar(sound: Sound, start: float, bar: _Bar, melody: tuple[int, int, int]) -> None:
    _mix_in(sound, start, 0.8 * _make_pad(bar.bass, _BAR * 1.1))
    for note in bar.chord:
        _mix_in(sound, start, 0.32 * _make_pad(note, _BAR * 1.15))
    for beat, note in enumerate(melody):
        if note:
            _mix_in(sound, start + beat * _BAR / 3, 0.55 * _make_pluck(note, 1.8))


def _make_pad(note: int, seconds: float) -> Sound:
    """A sustained note: two partials 0.15 % apart, whose beating makes the tone swell, and one an octave above."""
    hertz = _hertz(note)
    body = (
        _make_sine(hertz, seconds) + 0.7 * _make_sine(hertz * 1.0015, seconds) + 0.25 * _make_sine(2 * hertz, seconds)
    )
    return np.asarray(body * _make_envelope(int(seconds * RATE), rise=0.5, fall=0.9) / 2)


def _make_pluck(note: int, seconds: float) -> Sound:
    """A plucked string: upper partials decay sooner."""
    times = np.arange(int(seconds * RATE)) / RATE
    hertz = _hertz(note)
    body = np.zeros_like(times)
    for partial, loudness in ((1, 1.0), (2, 0.35), (3, 0.12)):
        if hertz * partial < 1800:
            body += loudness * np.sin(2 * np.pi * hertz * partial * times) * np.exp(-times * 2.2 * partial)
    return np.asarray(body * _make_envelope(len(times), rise=0.012, fall=0.2))


def _make_sine(hertz: float, seconds: float) -> Sound:
    return np.asarray(np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE))


def _hertz(note: int) -> float:
    return float(440.0 * 2 ** ((note - 69) / 12))


def _make_envelope(length: int, *, rise: float, fall: float) -> Sound:
    """An envelope of `length` samples that rises for `rise` seconds and falls for the last `fall` seconds."""
    times = np.arange(length) / RATE
    opening = np.clip(times / rise, 0, 1)
    closing = np.clip((length / RATE - times) / fall, 0, 1)
    return np.asarray(np.sin(np.pi / 2 * opening) * np.sin(np.pi / 2 * closing))


def _mix_in(sound: Sound, start: float, part: Sound) -> None:
    first = int(start * RATE)
    room = sound[first : first + len(part)]
    room += part[: len(room)]


def _write(file: Path, sound: Sound) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(np.round(sound * 32767).astype("<i2").tobytes())

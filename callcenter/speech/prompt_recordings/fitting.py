"""A person's recording of a prompt: judged before it is taken, brought into the telephone's format when it is not."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from callcenter.core.errors import CallcenterError
from callcenter.speech.sound import level_and_trim, resample, write_wav
from callcenter.speech.voice import RATE

Samples = npt.NDArray[np.float64]


class UnusableRecording(CallcenterError):
    """A human recording cannot be played."""


_SHORTEST, _LONGEST = 0.5, 2.0
"""Times what the text takes to say: beyond it, something else was recorded. Voices need 0.7 to 1.5 times."""
_SPARE_SECONDS = 1.5
"""Single words take longer than their letters: «два» twice as long."""
_RATES = range(8000, 192_001)
_LONGEST_FILE = 150.0
"""Seconds. A small file may unpack to hours that no memory holds."""
_MOST_CHANNELS = 2
_CLIPPED = 0.999
_CLIPPED_SHARE = 0.0005
"""Of all samples; a well levelled voice touches full scale never, an overloaded one hundreds of times a second."""
_MIN_LOUDNESS = 10 ** (-45 / 20)
_NOISE_BELOW_SPEECH = 10 ** (-15 / 20)


def take_recording(source: Path, target: Path, *, expected_seconds: float) -> float:
    """Writes the sound of `source` to `target`, 8 kHz mono 16-bit, levelled, edges cut; the seconds it lasts.

    `source` is any WAV, FLAC or OGG; `expected_seconds` is what the text takes to say. Raises UnusableRecording with
    what is wrong and what to do: no sound, silence, too quiet, overloaded, noisy, too long or too short for the text.
    """
    try:
        _check_format(source)
        samples, rate = soundfile.read(str(source), dtype="float64", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise UnusableRecording(f"{source}: запись не читается ({error}); нужен файл WAV, FLAC или OGG") from error
    mono: Samples = samples.mean(axis=1)
    narrow = resample(mono, rate)
    heard = level_and_trim(narrow)
    if heard is None:
        raise UnusableRecording(f"{source}: в записи тишина; запишите фразу ещё раз")
    for wrong, message in (
        (float((np.abs(samples) >= _CLIPPED).mean()) > _CLIPPED_SHARE, "звук перегружен; говорите дальше от микрофона"),
        (_loudness(narrow, 0.9) < _MIN_LOUDNESS, "слишком тихо; говорите ближе к микрофону"),
        (
            _loudness(narrow, 0.05) > _NOISE_BELOW_SPEECH * _loudness(narrow, 0.9),
            "слишком шумно; запишите в тихом месте, с полсекунды тишины до и после слов",
        ),
    ):
        if wrong:
            raise UnusableRecording(f"{source}: {message}")
    seconds = len(heard) / RATE
    if seconds > _LONGEST * expected_seconds + _SPARE_SECONDS or seconds < _SHORTEST * expected_seconds:
        message = f"в записи {seconds:.1f} с, а текст говорят примерно {expected_seconds:.1f} с; тот ли текст прочитан?"
        raise UnusableRecording(f"{source}: {message}")
    write_wav(target, heard)
    target.chmod(0o644)  # Asterisk runs as another user
    return seconds


def _check_format(source: Path) -> None:
    """By what the file says of itself, before anything is unpacked. Raises UnusableRecording."""
    form = soundfile.info(str(source))
    if form.samplerate not in _RATES or form.channels > _MOST_CHANNELS:
        raise UnusableRecording(
            f"{source}: {form.samplerate} Гц, каналов {form.channels}; нужно от 8000 до 192000 Гц, моно или стерео"
        )
    if form.duration > _LONGEST_FILE:
        raise UnusableRecording(f"{source}: в записи {form.duration / 60:.0f} мин; запишите только этот текст")


def _loudness(samples: Samples, share: float) -> float:
    """The effective value that a `share` of the frames of 20 ms stays below."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    return float(np.quantile(np.sqrt((frames**2).mean(axis=1)), share)) if len(frames) else 0.0


def fit_recording(recording: Path) -> Path:
    """The file to play for `<stem>.human.wav`: itself when 8 kHz mono 16-bit, else `<stem>.human8k.wav` made of it.

    Raises UnusableRecording when the file is no sound, holds only silence, or cannot be written beside.
    """
    try:
        form = soundfile.info(str(recording))
        if (form.samplerate, form.channels, form.format, form.subtype) == (RATE, 1, "WAV", "PCM_16"):
            return recording
        fitted = recording.with_name(recording.name.removesuffix(".human.wav") + ".human8k.wav")
        if fitted.exists() and fitted.stat().st_mtime_ns >= recording.stat().st_mtime_ns:
            return fitted
        _check_format(recording)
        samples, rate = soundfile.read(str(recording), dtype="float64", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise UnusableRecording(f"{recording}: запись не читается ({error}); нужен файл WAV, FLAC или OGG") from error
    mono: Samples = samples.mean(axis=1)
    heard = level_and_trim(resample(mono, rate))
    if heard is None:
        raise UnusableRecording(f"{recording}: в записи тишина; запишите фразу ещё раз")
    write_wav(fitted, heard)
    return fitted

"""Quality check of a person's prompt recordings and their conversion to the telephone format.

`take_recording` checks and converts a new recording from an upload or the studio. `convert_recording` converts a file
that is already in a sound directory, without the quality check.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from callcenter.core.errors import CallcenterError
from callcenter.speech.sound import level_and_trim, resample, write_wav
from callcenter.speech.voice import RATE

Samples = npt.NDArray[np.float64]


class UnusableRecording(CallcenterError):
    """A recording is rejected or cannot be played."""


_SHORTEST, _LONGEST = 0.5, 2.0
"""Accepted duration as a multiple of the estimated one; outside this range, a different text was recorded.
Synthetic voices need 0.7 to 1.5 times the estimate."""
_SPARE_SECONDS = 1.5
"""Added to the upper limit: a single word takes longer than its letters suggest, «два» twice as long."""
_RATES = range(8000, 192_001)
"""Accepted sample rates in Hz."""
_LONGEST_FILE = 150.0
"""Seconds. A small compressed file may decode to hours of samples, more than fits into memory."""
_MOST_CHANNELS = 2
_CLIPPED = 0.999
"""Absolute sample value, full scale 1.0, from which a sample counts as clipped."""
_CLIPPED_SHARE = 0.0005
"""Maximum share of clipped samples. A well leveled voice has none, an overloaded one hundreds a second."""
_MIN_LOUDNESS = 10 ** (-45 / 20)
"""-45 dBFS: minimum level of the speech (90th percentile of the frames' RMS)."""
_NOISE_BELOW_SPEECH = 10 ** (-15 / 20)
"""-15 dB: maximum level of the noise (5th percentile of the frames' RMS) relative to the speech (90th)."""


def take_recording(source: Path, target: Path, *, expected_seconds: float) -> float:
    """Writes `source` to `target` as 8 kHz mono 16-bit WAV, leveled and trimmed; returns its duration in seconds.

    `source` is a WAV, FLAC or OGG file; `expected_seconds` is the estimated duration of the text. Raises
    UnusableRecording when the file is unreadable, silent, too quiet, overloaded, noisy, or too long or too short for
    the text; its message names the fault and the remedy.
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
    """Checks the file's header before any sample is decoded. Raises UnusableRecording."""
    form = soundfile.info(str(source))
    if form.samplerate not in _RATES or form.channels > _MOST_CHANNELS:
        raise UnusableRecording(
            f"{source}: {form.samplerate} Гц, каналов {form.channels}; нужно от 8000 до 192000 Гц, моно или стерео"
        )
    if form.duration > _LONGEST_FILE:
        raise UnusableRecording(f"{source}: в записи {form.duration / 60:.0f} мин; запишите только этот текст")


def _loudness(samples: Samples, share: float) -> float:
    """The `share` quantile of the RMS levels of the 20 ms frames; 0.0 when `samples` has no full frame."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    return float(np.quantile(np.sqrt((frames**2).mean(axis=1)), share)) if len(frames) else 0.0


def convert_recording(recording: Path) -> Path:
    """Returns the file to play for `<stem>.human.wav`.

    An 8 kHz mono 16-bit WAV is returned as is, without a look at its samples. Any other recording is converted to
    `<stem>.human8k.wav` beside it. Raises UnusableRecording when the recording is unreadable, has an unsupported
    format or is silent, and when the converted file cannot be written: then the voice speaks, and no prompt is lost.
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
    try:
        write_wav(fitted, heard)
    except OSError as error:
        raise UnusableRecording(
            f"{recording}: не записать её в формате телефона ({error.strerror or error})"
        ) from error
    return fitted

"""A person's recording of a prompt, brought into the telephone's format when it is not."""

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
        samples, rate = soundfile.read(str(recording), dtype="float64", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise UnusableRecording(f"{recording}: запись не читается ({error}); нужен файл WAV") from error
    mono: Samples = samples.mean(axis=1)
    heard = level_and_trim(resample(mono, rate))
    if heard is None:
        raise UnusableRecording(f"{recording}: в записи тишина; запишите фразу ещё раз")
    write_wav(fitted, heard)
    return fitted

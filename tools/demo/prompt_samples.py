"""Loads the centre's prompts and recordings as samples, to find them in the audio that a softphone receives."""

from pathlib import Path

import numpy as np
import soundfile

from callcenter.core.errors import CallcenterError
from callcenter.layout import Layout
from callcenter.speech.dialplan_sounds import LANGUAGE
from callcenter.speech.prompt_recordings.recording_check import convert_recording
from callcenter.speech.sentence_sounds import file_stem
from tools.softphone.audio_analysis import read_wav
from tools.softphone.g711 import RATE, Samples


class NoSound(CallcenterError):
    """The sound of a text was never rendered, so it cannot have been played."""


class PromptBook:
    """The rendered prompts of an instance; each file is read once."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._read: dict[Path, Samples] = {}

    def load_prompt(self, text: str) -> Samples:
        """Loads the sound of a prompt, preferring a person's recording. Raises NoSound."""
        stem = file_stem(text)
        human = self._layout.prompts / f"{stem}.human.wav"
        return self._load(convert_recording(human) if human.exists() else self._layout.prompts / f"{stem}.wav", text)

    def is_rendered(self, text: str) -> bool:
        """Whether the text is rendered. Texts with facts are rendered only when they are spoken."""
        return (self._layout.prompts / f"{file_stem(text)}.wav").exists()

    def load_dialplan_sound(self, name: str) -> Samples:
        """Loads a sound of the dialplan by its name, e.g. `callcenter/notice`. Raises NoSound."""
        return self._load(self._layout.sounds / LANGUAGE / f"{name}.wav", name)

    def _load(self, file: Path, text: str) -> Samples:
        if file not in self._read:
            if not file.exists():
                raise NoSound(f"{file}: «{text[:60]}» is not rendered")
            self._read[file] = read_wav(file)
        return self._read[file]


def read_recording(file: Path) -> tuple[Samples, Samples]:
    """Reads a filed stereo recording: caller (left), what the caller heard (right). Raises ValueError, OSError."""
    try:
        sound, rate = soundfile.read(str(file), dtype="int16", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{file}: no sound: {error}") from error
    if rate != RATE or sound.shape[1] != 2:
        raise ValueError(f"{file}: {sound.shape[1]} channels at {rate} Hz, must be 2 at {RATE}")
    return np.ascontiguousarray(sound[:, 0]), np.ascontiguousarray(sound[:, 1])

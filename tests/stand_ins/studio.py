"""A studio on paper: two texts, nothing recorded. What is recorded in a real one: a voice of sorts."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile

from callcenter.layout import Layout
from callcenter.web.plumbing.prompt_studio import RecordedPrompt


class PaperStudio:
    """`sound`: what callers hear of the first text."""

    sound: Path | None = None

    def list_prompts(self) -> Sequence[RecordedPrompt]:
        return (
            RecordedPrompt(
                1,
                "Чем помочь? Скажите своими словами.",
                3.0,
                is_recorded=False,
                upload_pending=False,
                has_audio=True,
                is_fragment=False,
            ),
            RecordedPrompt(
                7,
                "Соединяю с диспетчером.",
                2.0,
                is_recorded=True,
                upload_pending=False,
                has_audio=False,
                is_fragment=True,
            ),
        )

    def find_audio_file(self, number: int) -> Path | None:
        return self.sound if number == 1 else None

    def upload_recording(self, number: int, sound: bytes) -> float:
        raise KeyError(number)


def lay_out(home: Path) -> Layout:
    """An instance without anything but the directories of sounds."""
    layout = Layout(home)
    (layout.sounds / "ru").mkdir(parents=True)
    layout.prompts.mkdir()
    return layout


def speak(seconds: float, *, loudness: float = 0.3, form: str = "WAV") -> bytes:
    """A file of a tone with half a second of silence on either side."""
    times = np.arange(int(seconds * 16000)) / 16000
    still = np.zeros(8000)
    file = BytesIO()
    tone = loudness * np.sin(2 * np.pi * 300 * times)
    soundfile.write(file, np.concatenate([still, tone, still]), 16000, format=form)
    return file.getvalue()

"""The prompt recordings of this instance, for the desk. An uploaded file is processed like a take by telephone."""

import contextlib
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from callcenter.conducting.scripts import ScriptEdition
from callcenter.layout import Layout
from callcenter.speech.prompt_recordings.catalogue import RecordableText, ScriptTextsUnavailable, list_recordable_texts
from callcenter.speech.prompt_recordings.recording_check import UnusableRecording, take_recording
from callcenter.speech.prompt_recordings.takes import ACCEPTED
from callcenter.web.plumbing.prompt_studio import RecordedPrompt, UnfitRecording

REMEMBERED_SECONDS = 20.0
"""How long the texts are cached: reading the script and the knowledge base takes a good part of a second."""


class PromptStudio:
    """Implements `web.plumbing.prompt_studio.PromptRecordings`.

    `read_edition` returns the current edition of the script, or raises ScriptTextsUnavailable.
    """

    def __init__(self, layout: Layout, read_edition: Callable[[], ScriptEdition]) -> None:
        self._layout = layout
        self._read_edition = read_edition
        self._lines: Sequence[RecordableText] = ()
        self._read_at: float | None = None

    def list_prompts(self) -> Sequence[RecordedPrompt]:
        """See PromptRecordings."""
        return [
            RecordedPrompt(
                number=line.number,
                text=line.text,
                seconds=line.seconds,
                is_recorded=line.human.exists(),
                upload_pending=any(self._layout.studio_takes.glob(f"{line.number}-*{ACCEPTED}")),
                has_audio=line.human.exists() or line.sound.exists(),
                is_fragment=line.part,
            )
            for line in self._list_lines()
        ]

    def find_audio_file(self, number: int) -> Path | None:
        """See PromptRecordings. A person's recording takes precedence over the synthetic voice."""
        line = self._find(number)
        if line is None:
            return None
        return next((file for file in (line.human, line.sound) if file.exists()), None)

    def upload_recording(self, number: int, sound: bytes) -> float:
        """See PromptRecordings. Applies the same quality check as the later import by the controller."""
        line = self._find(number)
        if line is None:
            raise KeyError(number)
        with tempfile.TemporaryDirectory() as directory:
            source = Path(directory) / "sound"
            source.write_bytes(sound)
            try:
                seconds = take_recording(source, source.with_suffix(".wav"), expected_seconds=line.seconds)
            except UnusableRecording as error:
                raise UnfitRecording(_tell(error, source)) from error
        self._layout.studio_takes.mkdir(parents=True, exist_ok=True)
        take = self._layout.studio_takes / f"{number}-{time.time_ns()}.wav"
        take.write_bytes(sound)
        take.with_name(take.stem + ACCEPTED).touch()
        return seconds

    def _find(self, number: int) -> RecordableText | None:
        return next((line for line in self._list_lines() if line.number == number), None)

    def _list_lines(self) -> Sequence[RecordableText]:
        now = time.monotonic()
        if self._read_at is None or now - self._read_at > REMEMBERED_SECONDS:
            with contextlib.suppress(ScriptTextsUnavailable):  # callers still hear the previous texts
                self._lines = list_recordable_texts(self._layout, self._read_edition())
            self._read_at = now
        return self._lines


def _tell(error: UnusableRecording, source: Path) -> str:
    told = str(error).removeprefix(f"{source}: ")
    if told.startswith("запись не читается"):
        return "Это не звук, или файл повреждён: нужен WAV, FLAC или OGG."
    return f"{told[:1].upper()}{told[1:]}."

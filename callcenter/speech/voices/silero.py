"""Silero: neural Russian voices; needs a model file of about 60 MB and PyTorch. Read the model's license before use.

PyTorch is never loaded into the call center's own processes: the separate program `silero_child.py` loads the model and
reads requests as lines of JSON. Silero's stress mark is `+` before the vowel, the notation used in this project.
"""

import asyncio
import importlib.util
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import soundfile

from callcenter.speech.sound import join_parts
from callcenter.speech.voice import VoiceChoice, VoiceFailed, VoiceMissing
from callcenter.speech.voices.plain import split_into_pieces
from callcenter.speech.voices.worker import VoiceWorker

CHILD = (sys.executable, "-m", "callcenter.speech.voices.silero_child")
_SPEAKER = "xenia"
_SECONDS = 20.0
"""Time limit for one piece of text, loading of the model included."""


class SileroVoice:
    """Sends pieces of text one at a time to one long-lived child process that holds the model."""

    def __init__(self, model: Path | None, *, speaker: str = _SPEAKER, program: Sequence[str] = CHILD) -> None:
        """`model` is a file such as v4_ru.pt; `speaker` is xenia, kseniya, baya, aidar or eugene."""
        self._model = model
        self._speaker = speaker
        self._needs_torch = program == CHILD
        self._worker = VoiceWorker([*program, str(model), speaker], seconds=_SECONDS)

    @classmethod
    def from_options(cls, choice: VoiceChoice) -> Self:
        return cls(choice.model, speaker=choice.speaker or _SPEAKER)

    @property
    def name(self) -> str:
        return f"silero-{self._model.stem if self._model else 'none'}-{self._speaker}-1"

    def check_installed(self) -> None:
        """See Voice."""
        if self._needs_torch and importlib.util.find_spec("torch") is None:
            raise VoiceMissing("для silero нужен PyTorch; установите: .venv/bin/pip install torch")
        if self._model is None:
            raise VoiceMissing(
                "не указана модель для silero; загрузите https://models.silero.ai/models/tts/ru/v4_ru.pt, "
                'затем [voice] model = "…/v4_ru.pt"'
            )
        if not self._model.is_file():
            raise VoiceMissing(f"нет файла модели для silero: {self._model}")

    async def render(self, text: str, file: Path) -> None:
        """See Voice."""
        pieces = split_into_pieces(text)
        self.check_installed()
        with tempfile.TemporaryDirectory(prefix="callcenter-voice-") as directory:
            parts = []
            for number, piece in enumerate(pieces):
                part = Path(directory) / f"{number}.wav"
                await self._worker.ask(json.dumps({"text": piece, "file": str(part)}), _read_answer)
                parts.append(part)
            try:
                if not await asyncio.to_thread(join_parts, parts, file):
                    raise VoiceFailed(f"silero сказал «{text[:60]}» одной тишиной")
            except (OSError, soundfile.LibsndfileError) as error:
                raise VoiceFailed(f"silero не сказал «{text[:60]}»: {error}") from error

    async def close(self) -> None:
        """See Voice."""
        await self._worker.close()


def _read_answer(line: str) -> bool | None:
    """Returns True when the child has written the file, None for any other output, such as a library's messages.

    Raises VoiceFailed when the child reports an error.
    """
    try:
        answer = json.loads(line)
    except ValueError:
        return None
    if not isinstance(answer, dict) or "done" not in answer:
        return None
    if answer["done"] is not True:
        raise VoiceFailed(f"silero не смог: {answer['done']}")
    return True

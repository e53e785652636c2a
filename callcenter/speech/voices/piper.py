"""Piper: neural voices in files of about 60 MB. The engine is `piper-tts` on PyPI; a Russian voice is a download.

One `piper` process is kept running, because its model takes seconds to load; it writes one file for each line it reads.
Piper converts words to phonemes by espeak-ng's rules, whose stress mark is the acute accent after the vowel.
"""

import asyncio
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Self

import soundfile

from callcenter.speech.sound import join_parts
from callcenter.speech.voice import VoiceChoice, VoiceFailed, VoiceMissing
from callcenter.speech.voices.plain import split_into_pieces
from callcenter.speech.voices.worker import VoiceWorker
from callcenter.wording.stress import to_acute

_SECONDS = 20.0
"""Time limit for one piece of text, loading of the model included."""
_SENTENCE_SILENCE = "0.3"
"""Seconds of silence that Piper appends to each sentence."""


class PiperVoice:
    """Sends pieces of text one at a time to one long-lived `piper` process."""

    def __init__(self, model: Path | None, *, program: str | None = None, speaker: str = "") -> None:
        """`model` is the voice's `.onnx` file, with its `.onnx.json` beside it; `speaker` is the number of a speaker in
        a model with several speakers."""
        beside = Path(sys.executable).with_name("piper")  # in the virtual environment that runs this code
        self._program = program or (str(beside) if beside.exists() else "piper")
        self._model = model
        self._speaker = speaker
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._worker: VoiceWorker | None = None

    @classmethod
    def from_options(cls, choice: VoiceChoice) -> Self:
        return cls(choice.model, speaker=choice.speaker)

    @property
    def name(self) -> str:
        return f"piper-{self._model.stem if self._model else 'none'}{self._speaker and f'-{self._speaker}'}-1"

    def check_installed(self) -> None:
        """See Voice."""
        if shutil.which(self._program) is None:
            raise VoiceMissing("не установлена программа «piper»; установите: .venv/bin/pip install piper-tts")
        if self._model is None:
            raise VoiceMissing(
                "не указан голос для piper; загрузите: .venv/bin/python -m piper.download_voices ru_RU-irina-medium, "
                'затем [voice] model = "…/ru_RU-irina-medium.onnx"'
            )
        for file in (self._model, self._model.with_name(f"{self._model.name}.json")):
            if not file.is_file():
                raise VoiceMissing(f"нет файла голоса для piper: {file}")

    async def render(self, text: str, file: Path) -> None:
        """See Voice."""
        pieces = split_into_pieces(text)
        self.check_installed()
        worker, directory = self._start_worker()
        written = re.compile(rf"{re.escape(directory)}/\S+\.wav")
        parts = []
        try:
            for piece in pieces:
                part = await worker.ask(to_acute(piece), lambda line: _find_written_file(written, line))
                parts.append(part)
            if not await asyncio.to_thread(join_parts, parts, file):
                raise VoiceFailed(f"piper сказал «{text[:60]}» одной тишиной")
        except (OSError, soundfile.LibsndfileError) as error:
            raise VoiceFailed(f"piper не сказал «{text[:60]}»: {error}") from error
        finally:
            for part in parts:
                part.unlink(missing_ok=True)

    async def close(self) -> None:
        """See Voice."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.close()
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None

    def _start_worker(self) -> tuple[VoiceWorker, str]:
        if self._worker is None or self._directory is None:
            self._directory = tempfile.TemporaryDirectory(prefix="callcenter-piper-")
            words = [self._program, "--model", str(self._model), "--output-dir", self._directory.name]
            words += ["--sentence-silence", _SENTENCE_SILENCE]
            if self._speaker:
                words += ["--speaker", self._speaker]
            self._worker = VoiceWorker(words, seconds=_SECONDS)
        return self._worker, self._directory.name


def _find_written_file(written: re.Pattern[str], line: str) -> Path | None:
    """Returns the path in a log line; None when it has none. Piper logs a file after writing it, so it is complete."""
    found = written.search(line)
    return Path(found[0]) if found else None

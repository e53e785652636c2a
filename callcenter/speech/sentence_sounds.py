"""Splits a text into sentences, so that a sentence without placeholders can be played from a person's recording.

«Ваша заявка записана. Её номер: 26-000123.» cannot be recorded as a whole; its first sentence can.
"""

import hashlib
import re
import tempfile
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import soundfile
import structlog

from callcenter.speech.prompt_recordings.recording_check import UnusableRecording, convert_recording
from callcenter.speech.pronouncing import TextConverter
from callcenter.speech.sound import join_parts
from callcenter.speech.voice import Voice, VoiceFailed
from callcenter.wording.slug import slug

log = structlog.get_logger()

RECORDING_SUFFIX = ".human.wav"
"""File name suffix of a person's recording."""
_SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=[А-ЯЁ«\d])")


def normalize_text(text: str) -> str:
    """Normalizes a text: NFC, single spaces, no tabs or line ends."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def file_stem(text: str) -> str:
    """File name of a text without suffix: its first words in Latin letters and ten hex digits of its SHA-256 hash."""
    text = normalize_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    return f"{slug(text)}-{digest}"


def split_sentences(text: str) -> list[str]:
    """Returns the normalized sentences of a text."""
    return [sentence for sentence in _SENTENCE.split(normalize_text(text)) if sentence]


def find_recorded(directory: Path, sentences: list[str]) -> dict[str, Path]:
    """Maps each sentence that has a person's recording to the file to play. An unusable recording is only logged."""
    recorded = {}
    for sentence in sentences:
        file = directory / f"{file_stem(sentence)}{RECORDING_SUFFIX}"
        if file.exists():
            try:
                recorded[sentence] = convert_recording(file)
            except UnusableRecording as error:
                log.warning("human recording cannot be played", file=file.name, why=str(error))
    return recorded


def recordings_version(recorded: Mapping[str, Path]) -> str:
    """A short version mark that changes when the set of recordings or one of the files changes."""
    states = [f"{file.name} {file.stat().st_mtime_ns}" for file in recorded.values()]
    return hashlib.sha256("\n".join(states).encode()).hexdigest()[:8]


async def join_sentences(
    voice: Voice, words: TextConverter, sentences: list[str], recorded: Mapping[str, Path], file: Path
) -> None:
    """Writes the sentences one after another to `file`, each from its recording or, without one, from `voice`.

    Raises VoiceMissing, and VoiceFailed also when a recording was deleted meanwhile or all sounds are silent.
    """
    with tempfile.TemporaryDirectory(prefix="callcenter-pieces-") as directory:
        parts = []
        for number, sentence in enumerate(sentences):
            part = recorded.get(sentence) or Path(directory) / f"{number}.wav"
            if sentence not in recorded:
                await voice.render(words(sentence), part)
            parts.append(part)
        try:
            joined = join_parts(parts, file)
        except soundfile.LibsndfileError as error:
            raise VoiceFailed(f"запись убрали, пока она была нужна: {error}") from error
        except OSError as error:
            raise VoiceFailed(f"звук не записать: {error}") from error
    if not joined:
        names = ", ".join(part.name for part in recorded.values())
        raise VoiceFailed(f"во всех записях тишина ({names}); запишите их ещё раз или удалите")

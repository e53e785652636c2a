"""Sounds that the dialplan plays without the controller: its texts in the configured voice, music on hold, the beep.

The texts are in `ivr_scripts/dialplan.yaml`; each is rendered to `sounds/ru/<key>.wav`, and rendered again when the
text, the voice or the recording changes. A person's recording `<key>.human.wav` beside it takes precedence, unless
`<key>.human.txt` says that the recording was made for a different text.
"""

import hashlib
import json
import shutil
from pathlib import Path

import yaml

from callcenter.core.errors import CallcenterError
from callcenter.core.progress import Progress
from callcenter.layout import Layout
from callcenter.settings import TREE
from callcenter.speech.music import write_beep, write_music
from callcenter.speech.prompt_recordings.recording_check import UnusableRecording, convert_recording
from callcenter.speech.pronouncing import TextConverter
from callcenter.speech.voice import Voice
from callcenter.wording.spoken import normalize_for_speech
from callcenter.wording.stress import hide_stress

TEXTS_FILE = TREE / "ivr_scripts" / "dialplan.yaml"
LANGUAGE = "ru"
_INDEX = "index.json"


class DialplanTextsUnreadable(CallcenterError):
    """The texts of the dialplan cannot be read."""


def read_dialplan_texts(file: Path = TEXTS_FILE) -> dict[str, str]:
    """Returns the dialplan's texts by sound name, e.g. `callcenter/notice`. Raises DialplanTextsUnreadable."""
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DialplanTextsUnreadable(f"{file}: {error}") from error
    if not isinstance(found, dict):
        raise DialplanTextsUnreadable(f"{file}: name: words, one pair a line")
    words = {}
    for key, text in found.items():
        if not isinstance(key, str) or not isinstance(text, str) or not text.strip() or ".." in key:
            raise DialplanTextsUnreadable(f"{file}: «{key}»: the words are missing, or are no text; put them in quotes")
        words[key] = " ".join(text.split())
    return words


async def write_sounds(
    layout: Layout, voice: Voice, *, progress: Progress, words: TextConverter = normalize_for_speech
) -> int:
    """Writes every sound of the dialplan that is missing or out of date; returns the number of files written.

    `words` converts a text to the words that the voice reads. Writing may be interrupted at any moment: a file is
    renamed into place when it is complete, and only then entered in the index. Raises DialplanTextsUnreadable,
    VoiceMissing and VoiceFailed.
    """
    directory = layout.sounds / LANGUAGE
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)
    index = _read_index(directory / _INDEX)
    late = []
    for key, written in read_dialplan_texts().items():
        text = words(written)
        human = directory / f"{key}.human.wav"
        if _is_of_other_words(human, written):
            human = directory / f"{key}.none"
        mark = _mark(voice.name, text, human)
        if index.get(key) != mark or not (directory / f"{key}.wav").exists():
            late.append((key, text, human, mark))
    for number, (key, text, human, mark) in enumerate(late, start=1):
        file = directory / f"{key}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f".{file.name}")
        if not (human.exists() and _take_recording(human, draft, progress)):
            await voice.render(text, draft)
        draft.chmod(0o644)  # Asterisk runs as another user
        draft.replace(file)
        index[key] = mark
        _write_index(directory / _INDEX, index)
        if number % 20 == 0 or number == len(late):
            progress(f"звуки номерного плана: {number} из {len(late)}")
    return len(late) + _write_tones(layout, directory)


def recorded_text_path(human: Path) -> Path:
    """Path of the file beside a recording that holds the text of the recording."""
    return human.with_suffix(".txt")


def _is_of_other_words(human: Path, words: str) -> bool:
    said = recorded_text_path(human)
    return said.exists() and said.read_text(encoding="utf-8").strip() != hide_stress(words)


def _take_recording(human: Path, draft: Path, progress: Progress) -> bool:
    try:
        shutil.copyfile(convert_recording(human), draft)
    except UnusableRecording as error:
        progress(f"звуки номерного плана: {error}; пока говорит синтезатор")
        return False
    return True


def _write_tones(layout: Layout, directory: Path) -> int:
    """Writes the music and the beep when they are missing: their bytes never change. Returns the number of files."""
    made = 0
    if not (layout.music_on_hold / "callcenter.wav").exists():
        write_music(layout.music_on_hold).chmod(0o644)
        made += 1
    beep = directory / "callcenter" / "beep.wav"
    if not beep.exists():
        write_beep(beep)
        beep.chmod(0o644)
        made += 1
    return made


def _mark(voice: str, text: str, human: Path) -> str:
    digest = hashlib.sha256(f"{voice}\n{text}\n".encode())
    if human.exists():
        digest.update(human.read_bytes())
    return digest.hexdigest()


def _read_index(file: Path) -> dict[str, str]:
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return {}


def _write_index(file: Path, index: dict[str, str]) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(index, indent=0), encoding="utf-8")
    fresh.replace(file)

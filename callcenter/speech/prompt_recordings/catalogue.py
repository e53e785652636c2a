"""Catalog of the texts that a person may record: all texts of the robot and of the dialplan, each with a number.

A text without placeholders is recorded as a whole. Of a text with placeholders («Её номер: {номер}»), only the
sentences without a placeholder are recorded. A recording belongs to its exact text: when the text changes, the
synthetic voice speaks again, and `callcenter check` reports the recording. A number is assigned once and never reused,
because people write the numbers down.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from callcenter.conducting.scripts import ScriptEdition, edition_reader
from callcenter.core.errors import CallcenterError
from callcenter.core.problems import FileLocation, Problem
from callcenter.dialogue.scripts.prompt_checks import CHARS_PER_SECOND
from callcenter.dialogue.scripts.script import Fact, list_texts
from callcenter.layout import Layout
from callcenter.settings import TREE, Settings
from callcenter.speech.dialplan_sounds import LANGUAGE, read_dialplan_texts, recorded_text_path
from callcenter.speech.prompt_recordings.recording_check import UnusableRecording, convert_recording, take_recording
from callcenter.speech.sentence_sounds import RECORDING_SUFFIX, file_stem, normalize_text, split_sentences
from callcenter.wording.spoken import normalize_for_speech
from callcenter.wording.stress import hide_stress

SOUNDS = "studio"
"""Directory below `sounds/ru`: one link per text, named by its number; played by the dialplan's recording studio."""
_PLACE = "\0"
"""Stands for a placeholder while a text is split into sentences."""


class ScriptTextsUnavailable(CallcenterError):
    """The script cannot be read, so its texts are unknown."""


class TextNotFound(CallcenterError):
    """No text has the given number or wording."""


@dataclass(frozen=True, slots=True)
class RecordableText:
    """A text that may be recorded as a whole."""

    number: int
    text: str
    """Without stress marks, as people read it."""
    sound: Path
    """What callers hear without a recording; the file does not exist for a sentence found only inside longer texts."""
    human: Path
    """Where a person's recording of the text is stored; the file may not exist."""
    part: bool = False
    """True for a sentence taken from one or several texts with placeholders."""

    @property
    def seconds(self) -> float:
        """Estimated duration of the spoken text."""
        return len(normalize_for_speech(self.text)) / CHARS_PER_SECOND


def read_edition(settings: Settings) -> ScriptEdition:
    """Reads today's edition of the script, including the prompts that need speech recognition.

    Raises ScriptTextsUnavailable.
    """
    script = TREE / "ivr_scripts" / f"{settings.script}.yaml"
    edition, problems = edition_reader(script, TREE / "knowledge_base", recognition_enabled=True)(
        datetime.now(settings.company.zone).date()
    )
    if edition is None:
        raise ScriptTextsUnavailable("\n".join(str(problem) for problem in problems))
    return edition


def list_recordable_texts(layout: Layout, edition: ScriptEdition, *, keep: bool = True) -> list[RecordableText]:
    """Returns all texts that may be recorded, sorted by number; a new text gets the next free number.

    With `keep`, new numbers are saved in `layout.studio_text_numbers`, so that later calls return the same ones.
    """
    found: dict[str, tuple[str, Path, Path, bool]] = {}
    for text in edition.prompts:
        found[file_stem(text)] = _of_prompt(layout, text, part=False)
    for sentence in _list_sentences(edition):
        found.setdefault(file_stem(sentence), _of_prompt(layout, sentence, part=True))
    for key, text in read_dialplan_texts().items():
        file = layout.sounds / LANGUAGE / key
        found[key] = (text, file.with_name(f"{file.name}.wav"), file.with_name(f"{file.name}{RECORDING_SUFFIX}"), False)
    numbers = _read_numbers(layout)
    last = max(numbers.values(), default=0)
    fresh = [key for key in found if key not in numbers]
    numbers |= {key: last + place for place, key in enumerate(fresh, start=1)}
    if fresh and keep:
        _keep_numbers(layout, numbers)
    lines = [
        RecordableText(numbers[key], hide_stress(normalize_text(text)), sound, human, part)
        for key, (text, sound, human, part) in found.items()
    ]
    return sorted(lines, key=lambda line: line.number)


def find_recordable_text(lines: Iterable[RecordableText], wanted: str) -> RecordableText:
    """Returns the text with the number `wanted`, or with exactly the wording `wanted`. Raises TextNotFound."""
    words = hide_stress(normalize_text(wanted))
    for line in lines:
        if str(line.number) == words or line.text == words:
            return line
    raise TextNotFound(f"«{wanted}»: нет текста с таким номером или такими словами; список: callcenter voice texts")


def store_recording(line: RecordableText, source: Path) -> float:
    """Stores a sound file as the recording of a text; returns its duration in seconds. Raises UnusableRecording.

    A prompt of the robot uses the recording from the next playback on, a dialplan sound after `write_sounds`.
    """
    line.human.parent.mkdir(parents=True, exist_ok=True)
    seconds = take_recording(source, line.human, expected_seconds=line.seconds)
    recorded_text_path(line.human).write_text(line.text + "\n", encoding="utf-8")
    return seconds


def link_studio_sounds(layout: Layout, lines: Iterable[RecordableText]) -> None:
    """Links the current sound of each text into the studio directory as `<number>.wav`; deletes all other files."""
    directory = layout.sounds / LANGUAGE / SOUNDS
    directory.mkdir(parents=True, exist_ok=True)
    wanted = {f"{line.number}.wav": line for line in lines}
    for old in directory.iterdir():
        if old.name not in wanted:
            old.unlink()
    for name, line in wanted.items():
        sound = line.human if line.human.exists() else line.sound
        link = directory / name
        if not link.is_symlink() or link.readlink() != sound:
            link.unlink(missing_ok=True)
            link.symlink_to(sound)


def find_recording_problems(
    layout: Layout, lines: Iterable[RecordableText], edition: ScriptEdition
) -> Iterator[Problem]:
    """Yields the recordings that match no current text (VOI101) and those that cannot be played (VOI102).

    No such problem is fatal: the synthetic voice speaks instead.
    """
    known = {line.human for line in lines}
    known |= {_human(layout, sentence) for text in edition.prompts for sentence in split_sentences(text)}
    spoken_now = {line.human: line.text for line in lines}
    for file in sorted(
        [*layout.prompts.glob(f"*{RECORDING_SUFFIX}"), *(layout.sounds / LANGUAGE).rglob(f"*{RECORDING_SUFFIX}")]
    ):
        said = read_recorded_text(file)
        if file not in known or (said is not None and said != spoken_now.get(file, said)):
            told = f"«{said}»" if said else "своего текста"
            message = (
                f"запись {told} больше не звучит: текст изменён; запишите новый (callcenter voice texts) и удалите её"
            )
            yield Problem(FileLocation(file), "VOI101", message, fatal=False)
            continue
        try:
            convert_recording(file)
        except UnusableRecording as error:
            message = str(error).removeprefix(f"{file}: ")
            yield Problem(FileLocation(file), "VOI102", f"{message}; пока говорит синтезатор", fatal=False)


def read_recorded_text(human: Path) -> str | None:
    """Returns the text a recording was made for; None when the text file beside it is missing or unreadable."""
    try:
        return recorded_text_path(human).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _of_prompt(layout: Layout, text: str, *, part: bool) -> tuple[str, Path, Path, bool]:
    return text, layout.prompts / f"{file_stem(text)}.wav", _human(layout, text), part


def _human(layout: Layout, text: str) -> Path:
    return layout.prompts / f"{file_stem(text)}{RECORDING_SUFFIX}"


def _list_sentences(edition: ScriptEdition) -> Iterator[str]:
    """Yields the sentences without a placeholder of the texts that contain placeholders."""
    for step in edition.script.steps.values():
        for text in list_texts(step):
            if text.facts:
                words = "".join(_PLACE if isinstance(part, Fact) else part for part in text.parts)
                yield from (one for one in split_sentences(words) if _PLACE not in one)


def _read_numbers(layout: Layout) -> dict[str, int]:
    try:
        rows = [line.split("\t") for line in layout.studio_text_numbers.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return {}
    return {row[1]: int(row[0]) for row in rows if len(row) == 2 and row[0].isdigit()}


def _keep_numbers(layout: Layout, numbers: dict[str, int]) -> None:
    draft = layout.studio_text_numbers.with_name(f".{layout.studio_text_numbers.name}.{os.getpid()}")
    try:
        rows = sorted((number, key) for key, number in numbers.items())
        draft.write_text("".join(f"{number}\t{key}\n" for number, key in rows), encoding="utf-8")
        draft.replace(layout.studio_text_numbers)
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()

"""What a person may record: every text the robot and the dialplan say, numbered, and the recordings there are.

A text whose words are fixed is recorded whole. One with changing places («Её номер: {номер}») is not: of it, those
sentences are recorded that hold no such place. A recording belongs to its exact text; when the text changes, the voice
speaks again, and `callcenter check` says so. Numbers are given once and kept, for people write them down.
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
from callcenter.dialogue.scripts.prompt_checks import LETTERS_A_SECOND
from callcenter.dialogue.scripts.script import Fact, list_texts
from callcenter.layout import Layout
from callcenter.settings import TREE, Settings
from callcenter.speech.dialplan_sounds import LANGUAGE, read_words, said_text
from callcenter.speech.pieces import HUMAN, split_sentences, stem_of, tidy
from callcenter.speech.prompt_recordings.fitting import UnusableRecording, fit_recording, take_recording
from callcenter.wording.spoken import spoken
from callcenter.wording.stress import hide_stress

SOUNDS = "studio"
"""Below sounds/ru: the texts by their numbers, for the telephone of whoever records."""
_PLACE = "\0"


class ScriptTextsUnavailable(CallcenterError):
    """The script cannot be read, so nobody knows what is said."""


class TextNotFound(CallcenterError):
    """No text has that number or those words."""


@dataclass(frozen=True, slots=True)
class RecordableText:
    """One text to be recorded."""

    number: int
    text: str
    """As people read it."""
    sound: Path
    """What callers hear when nobody has recorded it; not there for a sentence that only occurs among others."""
    human: Path
    """Where a person's recording of it lies."""
    part: bool = False
    """A sentence of a text with changing places, or of several texts."""

    @property
    def seconds(self) -> float:
        """About how long it takes to say."""
        return len(spoken(self.text)) / LETTERS_A_SECOND


def read_edition(settings: Settings) -> ScriptEdition:
    """The script in force with all that callers who are heard are told too. Raises ScriptTextsUnavailable."""
    script = TREE / "ivr_scripts" / f"{settings.script}.yaml"
    edition, problems = edition_reader(script, TREE / "knowledge_base", recognition_enabled=True)(
        datetime.now(settings.company.zone).date()
    )
    if edition is None:
        raise ScriptTextsUnavailable("\n".join(str(problem) for problem in problems))
    return edition


def list_lines(layout: Layout, edition: ScriptEdition, *, keep: bool = True) -> list[RecordableText]:
    """All texts that may be recorded, in the order of their numbers; new ones get the next numbers.

    `keep`: numbers that are new are written down, so that they stay.
    """
    found: dict[str, tuple[str, Path, Path, bool]] = {}
    for text in edition.prompts:
        found[stem_of(text)] = _of_prompt(layout, text, part=False)
    for sentence in _list_sentences(edition):
        found.setdefault(stem_of(sentence), _of_prompt(layout, sentence, part=True))
    for key, text in read_words().items():
        file = layout.sounds / LANGUAGE / key
        found[key] = (text, file.with_name(f"{file.name}.wav"), file.with_name(f"{file.name}{HUMAN}"), False)
    numbers = _read_numbers(layout)
    last = max(numbers.values(), default=0)
    fresh = [key for key in found if key not in numbers]
    numbers |= {key: last + place for place, key in enumerate(fresh, start=1)}
    if fresh and keep:
        _keep_numbers(layout, numbers)
    lines = [
        RecordableText(numbers[key], hide_stress(tidy(text)), sound, human, part)
        for key, (text, sound, human, part) in found.items()
    ]
    return sorted(lines, key=lambda line: line.number)


def find_line(lines: Iterable[RecordableText], wanted: str) -> RecordableText:
    """The line with that number, or with exactly that text. Raises TextNotFound."""
    words = hide_stress(tidy(wanted))
    for line in lines:
        if str(line.number) == words or line.text == words:
            return line
    raise TextNotFound(f"«{wanted}»: нет текста с таким номером или такими словами; список: callcenter voice texts")


def record(line: RecordableText, source: Path) -> float:
    """Takes a sound file as the recording of a line; the seconds it lasts. Raises UnusableRecording.

    Callers hear it from the next time on; of a word of the dialplan, once its sound is made again (`write_sounds`).
    """
    line.human.parent.mkdir(parents=True, exist_ok=True)
    seconds = take_recording(source, line.human, expected_seconds=line.seconds)
    said_text(line.human).write_text(line.text + "\n", encoding="utf-8")
    return seconds


def publish(layout: Layout, lines: Iterable[RecordableText]) -> None:
    """Lets the telephone hear each text by its number."""
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
    """The recordings that nobody hears any more, and those that cannot be played (VOI101, VOI102). None is fatal."""
    known = {line.human for line in lines}
    known |= {_human(layout, sentence) for text in edition.prompts for sentence in split_sentences(text)}
    spoken_now = {line.human: line.text for line in lines}
    for file in sorted([*layout.prompts.glob(f"*{HUMAN}"), *(layout.sounds / LANGUAGE).rglob(f"*{HUMAN}")]):
        said = read_said(file)
        if file not in known or (said is not None and said != spoken_now.get(file, said)):
            told = f"«{said}»" if said else "своего текста"
            message = (
                f"запись {told} больше не звучит: текст изменён; запишите новый (callcenter voice texts) и удалите её"
            )
            yield Problem(FileLocation(file), "VOI101", message, fatal=False)
            continue
        try:
            fit_recording(file)
        except UnusableRecording as error:
            message = str(error).removeprefix(f"{file}: ")
            yield Problem(FileLocation(file), "VOI102", f"{message}; пока говорит синтезатор", fatal=False)


def read_said(human: Path) -> str | None:
    """The text a recording was made for; None when that was not written down."""
    try:
        return said_text(human).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _of_prompt(layout: Layout, text: str, *, part: bool) -> tuple[str, Path, Path, bool]:
    return text, layout.prompts / f"{stem_of(text)}.wav", _human(layout, text), part


def _human(layout: Layout, text: str) -> Path:
    return layout.prompts / f"{stem_of(text)}{HUMAN}"


def _list_sentences(edition: ScriptEdition) -> Iterator[str]:
    """Of the texts with changing places, the sentences without one."""
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

"""What may be recorded has a number that stays, a recording reaches callers, and one that is heard no more is named."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.alarms.models import AlarmKind
from callcenter.commands.voice import describe_lines
from callcenter.conducting.scripts import ScriptEdition
from callcenter.layout import Layout
from callcenter.settings import Settings
from callcenter.speech import dialplan_sounds
from callcenter.speech.dialplan_sounds import write_sounds
from callcenter.speech.prompt_recordings.catalogue import (
    RecordableText,
    TextNotFound,
    find_recordable_text,
    find_recording_problems,
    link_studio_sounds,
    list_recordable_texts,
    read_edition,
    store_recording,
)
from callcenter.speech.prompt_recordings.takes import TakeCollector
from callcenter.speech.prompts import PromptCache
from tests.stand_ins.studio import lay_out, speak
from tests.stand_ins.voice import StandInVoice

NOTICE = "callcenter/connecting"


@pytest.fixture(scope="module")
def edition() -> ScriptEdition:
    return read_edition(Settings())


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return lay_out(tmp_path)


def take_of(directory: Path, seconds: float) -> Path:
    file = directory / "take.wav"
    file.write_bytes(speak(seconds))
    return file


def greeting(lines: list[RecordableText]) -> RecordableText:
    return next(line for line in lines if line.text.startswith("Здравствуйте") and line.human.parent.name == "prompts")


def test_every_text_is_listed_once_and_one_with_a_changing_place_by_its_sentences(
    layout: Layout, edition: ScriptEdition
) -> None:
    lines = list_recordable_texts(layout, edition)
    assert len({line.number for line in lines}) == len(lines) == len({line.human for line in lines})
    texts = {line.text for line in lines}
    assert set(edition.prompts) <= texts
    assert not any("{" in text or "\0" in text for text in texts)
    assert any(line.part for line in lines)
    assert describe_lines(lines)[-1] == f"Текстов: {len(lines)}, записано человеком: 0."


def test_numbers_stay_when_texts_come_and_go(layout: Layout, edition: ScriptEdition) -> None:
    before = {line.human: line.number for line in list_recordable_texts(layout, edition)}
    fewer = replace(edition, answers={})
    list_recordable_texts(layout, fewer)
    after = {line.human: line.number for line in list_recordable_texts(layout, edition)}
    assert after == before


async def test_a_recording_is_what_callers_hear(layout: Layout, edition: ScriptEdition, tmp_path: Path) -> None:
    lines = list_recordable_texts(layout, edition)
    line = find_recordable_text(lines, str(greeting(lines).number))
    store_recording(line, take_of(tmp_path, line.seconds))
    voice = StandInVoice()
    assert f"{await PromptCache(layout.prompts, voice).get_sound_path(line.text)}.wav" == str(line.human)
    assert voice.texts == []
    link_studio_sounds(layout, lines)
    assert (layout.sounds / "ru" / "studio" / f"{line.number}.wav").resolve() == line.human
    assert list(find_recording_problems(layout, lines, edition)) == []
    with pytest.raises(TextNotFound, match="voice texts"):
        find_recordable_text(lines, "нет такого текста")


async def test_a_word_of_the_dialplan_is_recorded_for_its_words_only(
    layout: Layout, edition: ScriptEdition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {NOTICE: "Соединяю с диспетчером."}
    monkeypatch.setattr("callcenter.speech.prompt_recordings.catalogue.read_dialplan_texts", lambda: words)
    monkeypatch.setattr(dialplan_sounds, "read_dialplan_texts", lambda: words)
    lines = list_recordable_texts(layout, edition)
    store_recording(find_recordable_text(lines, words[NOTICE]), take_of(tmp_path, 2))
    voice = StandInVoice()
    await write_sounds(layout, voice, progress=lambda _: None)
    assert voice.texts == []
    words[NOTICE] = "Переключаю на диспетчера."
    await write_sounds(layout, voice, progress=lambda _: None)
    assert voice.texts == ["Переключаю на диспетчера."]
    (problem,) = find_recording_problems(layout, list_recordable_texts(layout, edition), edition)
    assert (problem.code, problem.fatal) == ("VOI101", False)
    assert "«Соединяю с диспетчером.» больше не звучит" in problem.message


def test_recordings_that_nobody_hears_are_named(layout: Layout, edition: ScriptEdition, tmp_path: Path) -> None:
    lines = list_recordable_texts(layout, edition)
    line = greeting(lines)
    store_recording(line, take_of(tmp_path, line.seconds))
    other = replace(edition, script=replace(edition.script, steps={}))
    (problem,) = find_recording_problems(layout, list_recordable_texts(layout, other), other)
    assert (problem.code, problem.position.file) == ("VOI101", line.human)
    line.human.write_bytes(b"")
    (problem,) = find_recording_problems(layout, lines, edition)
    assert problem.code == "VOI102"
    assert not problem.fatal
    line.human.write_bytes(speak(1))
    line.human.with_name(f".{line.human.name.replace('.human.', '.human8k.')}.{os.getpid()}").symlink_to("/dev/full")
    (problem,) = find_recording_problems(layout, lines, edition)
    assert (problem.code, problem.fatal) == ("VOI102", False)
    assert "No space left on device" in problem.message


class Board:
    """The alarms that stand."""

    def __init__(self) -> None:
        self.standing: dict[str, str] = {}

    async def raise_alarm(self, kind: AlarmKind, subject: str, message: str) -> None:
        self.standing[subject] = message

    async def clear_alarm(self, kind: AlarmKind, subject: str) -> None:
        self.standing.pop(subject, None)


async def test_an_accepted_take_is_heard_a_bad_one_is_told_on_the_board_an_unaccepted_one_left(
    layout: Layout, edition: ScriptEdition, tmp_path: Path
) -> None:
    layout.studio_takes.mkdir(parents=True)
    lines = list_recordable_texts(layout, edition)
    line = greeting(lines)
    board, renewed = Board(), []

    async def renew() -> None:
        renewed.append(True)

    def leave(take: str, seconds: float, *, accepted: bool) -> None:
        take_of(tmp_path, seconds).rename(layout.studio_takes / f"{take}.wav")
        if accepted:
            (layout.studio_takes / f"{take}.ok.wav").touch()

    keeper = TakeCollector(layout, edition=lambda: edition, alarms=board, renew=renew)
    leave(f"{line.number}-1", line.seconds, accepted=False)
    assert await keeper.look() == 0
    assert not line.human.exists()
    leave(f"{line.number}-2", 0.5, accepted=True)
    leave("9999-3", 2, accepted=True)
    assert await keeper.look() == 0
    assert "тот ли текст прочитан" in board.standing[f"studio {line.number}"]
    assert "нет текста с таким номером" in board.standing["studio 9999"]
    leave(f"{line.number}-4", line.seconds, accepted=True)
    assert await keeper.look() == 1
    assert line.human.exists()
    assert f"studio {line.number}" not in board.standing
    assert renewed == [True]
    assert [file.name for file in layout.studio_takes.iterdir()] == [f"{line.number}-1.wav"]

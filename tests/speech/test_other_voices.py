"""Voices that an operator installs: what each is told, what it is not told, and how it is missed."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import soundfile

from callcenter.settings import Settings
from callcenter.settings import VoiceSettings as VoiceTable
from callcenter.speech.voice import Voice, VoiceChoice, VoiceFailed, VoiceMissing
from callcenter.speech.voices import VOICES, VoiceNotFound, configured_voice, open_voice
from callcenter.speech.voices.espeak import EspeakVoice
from callcenter.speech.voices.piper import PiperVoice
from callcenter.speech.voices.rhvoice import RHVoice
from callcenter.speech.voices.silero import SileroVoice
from tests.stand_ins.synthesisers import read_heard, write_program

ATTACK = 'Зам+ок: "х" [[а]] <брэак/> $(ид) 5+5 `ид`; в+ода! Да? -о /тмп/х'


def rhvoice(directory: Path) -> tuple[Path, Voice]:
    program = write_program(directory, "rhvoice")
    return program, RHVoice(program=str(program))


def piper(directory: Path) -> tuple[Path, Voice]:
    program = write_program(directory, "piper")
    model = directory / "ru_RU-irina-medium.onnx"
    model.touch()
    model.with_name(f"{model.name}.json").touch()
    return program, PiperVoice(model, program=str(program))


def silero(directory: Path) -> tuple[Path, Voice]:
    program = write_program(directory, "silero")
    model = directory / "v4_ru.pt"
    model.touch()
    return program, SileroVoice(model, program=[str(program)])


@asynccontextmanager
async def speaking(make: Callable[[Path], tuple[Path, Voice]], directory: Path) -> AsyncIterator[tuple[Path, Voice]]:
    program, voice = make(directory)
    try:
        voice.check_installed()
        yield program, voice
    finally:
        await voice.close()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (rhvoice, ["замо\u0301к, х а брэак ид ид, во\u0301да! да? о тмп х"]),
        (piper, ["замо\u0301к, х а брэак ид ид, во\u0301да!", "да?", "о тмп х"]),
        (silero, ["зам+ок, х а брэак ид ид, в+ода!", "да?", "о тмп х"]),
    ],
)
async def test_only_words_pauses_and_its_own_stress_mark_reach_a_voice(
    tmp_path: Path, make: Callable[[Path], tuple[Path, Voice]], told: list[str]
) -> None:
    async with speaking(make, tmp_path) as (program, voice):
        await voice.render(ATTACK, tmp_path / "out.wav")
        form = soundfile.info(str(tmp_path / "out.wav"))
        assert (form.samplerate, form.channels, form.subtype) == (8000, 1, "PCM_16")
        assert [text for _, text in read_heard(program)] == told


async def test_each_is_told_its_speaker_and_its_model(tmp_path: Path) -> None:
    for name, make, words in (
        ("1", rhvoice, ["-p", "anna"]),
        ("2", piper, ["--model", "{model}", "--output-dir"]),
        ("3", silero, ["{model}", "xenia"]),
    ):
        directory = tmp_path / name
        directory.mkdir()
        async with speaking(make, directory) as (program, voice):
            await voice.render("привет", tmp_path / "out.wav")
        ((told, _),) = read_heard(program)
        model = next((str(file) for file in directory.iterdir() if file.suffix in (".onnx", ".pt")), "")
        wanted = [word.format(model=model) for word in words]
        assert told[: len(wanted)] == wanted


async def test_one_piper_speaks_all_texts_and_a_dead_one_is_replaced(tmp_path: Path) -> None:
    async with speaking(piper, tmp_path) as (program, voice):
        async with asyncio.TaskGroup() as tasks:
            for number in range(3):
                tasks.create_task(voice.render("вода " * (number + 1), tmp_path / f"{number}.wav"))
        lengths = [soundfile.info(str(tmp_path / f"{number}.wav")).frames for number in range(3)]
        assert lengths == sorted(lengths)
        assert lengths[0] < lengths[1]
        await voice.render("умри", tmp_path / "again.wav")  # dies of it once, having spoken before
        assert [text for _, text in read_heard(program)].count("умри") == 2
        (kept,) = {words[words.index("--output-dir") + 1] for words, _ in read_heard(program)}
        assert os.listdir(kept) == []  # what was taken over is not left lying
    assert not os.path.exists(kept)  # noqa: ASYNC240


async def test_a_fault_of_the_model_is_told_and_the_next_text_spoken(tmp_path: Path) -> None:
    async with speaking(silero, tmp_path) as (_, voice):
        with pytest.raises(VoiceFailed, match="couldn't generate"):
            await voice.render("ошибись", tmp_path / "1.wav")
        await voice.render("привет", tmp_path / "2.wav")
    assert not (tmp_path / "1.wav").exists()


async def test_a_speaker_that_is_not_there_is_told_in_the_programs_own_words(tmp_path: Path) -> None:
    program = write_program(tmp_path, "rhvoice")
    with pytest.raises(VoiceFailed, match="unknown voice"):
        await RHVoice(program=str(program), speaker="nobody").render("привет", tmp_path / "1.wav")


async def test_a_cancelled_text_never_answers_for_the_next(tmp_path: Path) -> None:
    async with speaking(piper, tmp_path) as (_, voice):
        await voice.render("да", tmp_path / "before.wav")
        long = asyncio.create_task(voice.render("вода " * 50, tmp_path / "long.wav"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        long.cancel()
        with pytest.raises(asyncio.CancelledError):
            await long
        await voice.render("да", tmp_path / "after.wav")
    assert (tmp_path / "after.wav").read_bytes() == (tmp_path / "before.wav").read_bytes()


@pytest.mark.parametrize(
    ("voice", "told"),
    [
        (RHVoice(program="no-such-program"), "RHVoice/RHVoice"),
        (EspeakVoice(program="no-such-program"), "apt-get install espeak-ng"),
        (PiperVoice(None, program="no-such-program"), "pip install piper-tts"),
        (PiperVoice(None, program="true"), "download_voices"),
        (PiperVoice(Path("/no/such.onnx"), program="true"), "/no/such.onnx"),
        (SileroVoice(None, program=["true"]), "models.silero.ai"),
        (SileroVoice(Path("/no/such.pt"), program=["true"]), "/no/such.pt"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
async def test_what_is_missing_is_named_with_what_to_install(tmp_path: Path, voice: Voice, told: str) -> None:
    with pytest.raises(VoiceMissing) as missed:
        await voice.render("привет", tmp_path / "1.wav")
    assert told in str(missed.value)


def test_one_setting_chooses_the_voice(tmp_path: Path) -> None:
    chosen = Settings(voice=VoiceTable(engine="piper", model=tmp_path / "ru.onnx", speaker="1"))
    assert configured_voice(chosen).name == "piper-ru-1-1"
    assert configured_voice(Settings()).name == "festival-msu_ru_nsh_clunits-1"
    assert configured_voice(Settings(voice=VoiceTable(engine="espeak", speaker="ru+f2"))).name == "espeak-ru+f2-1"
    with pytest.raises(VoiceNotFound, match="festival, rhvoice, piper, silero, espeak"):
        open_voice("alisa", VoiceChoice())


def test_every_voice_names_itself_differently() -> None:
    assert len({make(VoiceChoice()).name for make in VOICES.values()}) == len(VOICES)

"""`callcenter transcribe`, from the file to the printed words, through an ear of its own."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import structlog

from callcenter.__main__ import main
from callcenter.settings import TREE
from tests.hearing.running_server import RunningEar
from tests.hearing.sound import Sound
from tests.stand_ins.tone_model import write_tone_model
from tests.stand_ins.tones import FAULT, say_in_tones, silence


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An empty settings file; the ear's module is found from the work tree; the command's logging ends."""
    file = tmp_path / "callcenter.toml"
    file.write_text("")
    monkeypatch.setenv("CALLCENTER_SETTINGS_FILE", str(file))
    monkeypatch.chdir(TREE)
    yield file
    structlog.reset_defaults()


def write_sound(file: Path, *channels: Sound, rate: int = 8000) -> str:
    length = max(len(channel) for channel in channels)
    padded = [np.pad(channel, (0, length - len(channel))) for channel in channels]
    soundfile.write(file, np.stack(padded, axis=1), rate)
    return str(file)


def test_a_recorded_call_is_read_as_a_dialogue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_tone_model(tmp_path / "model", ["вода", "течёт", "да", "адрес"])
    call = write_sound(
        tmp_path / "call.flac",
        np.concatenate([silence(1), say_in_tones("вода течёт"), silence(4), say_in_tones("да")]),
        np.concatenate([silence(3.5), say_in_tones("адрес")]),
    )
    assert main(["transcribe", "--model", str(model), call]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[1] for line in lines] == ["житель: вода течёт", "центр: адрес", "житель: да"]
    assert lines[0].startswith("00:01.0") or lines[0].startswith("00:00.9")


def test_json_holds_every_word(tmp_path: Path, settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.write_text('[ear]\nengine = "tests.stand_ins.tones"\n')
    file = write_sound(tmp_path / "one.wav", np.concatenate([silence(7.2), say_in_tones("вода")]))
    assert main(["transcribe", "--json", file]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["file"] == file
    (channel,) = told["channels"]
    assert channel["text"] == "вода"
    assert channel["words"] == [
        {
            "word": "вода",
            "begin": pytest.approx(7.2, abs=0.03),
            "end": pytest.approx(7.68, abs=0.03),
            "confidence": 0.83,
        }
    ]


def test_an_ear_that_runs_already_is_used(
    tmp_path: Path, settings: Path, ear_program: RunningEar, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.write_text(f'[ear]\naddresses = ["{ear_program.address}"]\n')
    assert main(["transcribe", write_sound(tmp_path / "one.wav", say_in_tones("вода"))]) == 0
    assert capsys.readouterr().out == "00:00.00  вода\n"


def test_silence_is_said_to_be_silence(tmp_path: Path, settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.write_text('[ear]\nengine = "tests.stand_ins.tones"\n')
    assert main(["transcribe", write_sound(tmp_path / "one.wav", silence(2))]) == 0
    assert capsys.readouterr().out == "Речи не слышно.\n"


def test_without_a_model_it_says_how_to_get_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transcribe", write_sound(tmp_path / "one.wav", silence(1))]) == 1
    complaint = capsys.readouterr().err
    assert "no speech model is set" in complaint
    assert "callcenter ear build" in complaint


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--model", "{home}", "{home}/one.wav"], "это не модель Vosk"),
        (["--model", "{home}", "{home}/nothing.wav"], "nothing.wav"),
        (["--model", "{home}", "{home}/callcenter.toml"], "callcenter.toml"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sound(tmp_path / "one.wav", silence(1))
    assert main(["transcribe", *(word.format(home=tmp_path) for word in words)]) == 1
    assert complaint in capsys.readouterr().err


def test_an_ear_that_fails_is_no_transcript(tmp_path: Path, settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.write_text('[ear]\nengine = "tests.stand_ins.tones"\n')
    file = write_sound(tmp_path / "one.wav", np.concatenate([say_in_tones(FAULT), silence(2)]))
    assert main(["transcribe", file]) == 1
    assert "the ear failed" in capsys.readouterr().err

"""`check` finds each planted fault at its place, all of them at once, and lets what ships pass."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from callcenter.asterisk import configuration
from callcenter.commands.check import (
    describe_ear,
    find_configuration_problems,
    find_ear_problems,
    find_problems,
    find_script_problems,
    find_voice_problems,
)
from callcenter.commands.settings_problems import name_settings
from callcenter.core.problems import Problem
from callcenter.knowledge.base import read_knowledge
from callcenter.settings import (
    TREE,
    BrokenSettings,
    Settings,
    SpeechRecognitionSettings,
    TelephonySettings,
    TrunkKind,
    TrunkSettings,
    VoiceSettings,
    read_settings,
)
from tests.stand_ins.tone_model import write_tone_model

TODAY = date(2026, 11, 24)


class Files:
    """A copy of the scripts and the knowledge that ship, to be broken; but the phrases, which are read once for all."""

    def __init__(self, directory: Path) -> None:
        self.scripts = directory / "ivr_scripts"
        self.knowledge = directory / "knowledge_base"
        shutil.copytree(TREE / "ivr_scripts", self.scripts)
        shutil.copytree(TREE / "knowledge_base", self.knowledge, ignore=shutil.ignore_patterns("phrases"))
        (self.knowledge / "phrases").symlink_to(TREE / "knowledge_base" / "phrases")

    def replace(self, file: Path, before: str, after: str) -> int:
        """Replaces the first `before` and gives the line it stood in."""
        text = file.read_text(encoding="utf-8")
        assert before in text
        file.write_text(text.replace(before, after, 1), encoding="utf-8")
        return text[: text.index(before)].count("\n") + 1

    def check(self, settings: Settings | None = None) -> list[Problem]:
        return find_problems(settings or Settings(), scripts=self.scripts, knowledge=self.knowledge, today=TODAY)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def fatal_codes(problems: list[Problem]) -> set[str]:
    return {problem.code for problem in problems if problem.fatal}


def test_what_ships_has_no_fatal_problem_and_no_silent_answer() -> None:
    problems = find_problems(Settings(), today=TODAY)
    assert fatal_codes(problems) == set()
    assert [problem for problem in problems if problem.code.startswith(("KB", "COM"))] == []


PLANTED: dict[str, tuple[str, str, str]] = {
    # code: file, what is replaced, by what
    "KB028": ("knowledge_base/KB15-payment-term.md", "Квитанция приходит", "Назовите дом. Квитанция приходит"),
    "CAT013": ("knowledge_base/categories.yaml", "minutes: 30\n", "minutes: полчаса\n"),
    "COM012": ("knowledge_base/company.yaml", "2031-12-31", "навсегда"),
    "LAW012": ("knowledge_base/law.yaml", "2019-03-01", "давно"),
    "HSE030": ("knowledge_base/houses.csv", ";проспект Энгельса;150;", ";проспект Энгельса;150а;"),
    "IVR201": ("ivr_scripts/main.yaml", "затем: главное меню", "затем: главное мюне"),
    "IVR410": ("ivr_scripts/main.talks.yaml", "итог: соединён", "итог: попрощались"),
    "PRN105": ("knowledge_base/pronunciation.yaml", "видео: в+идео", "видео: в+и+део+"),
    "CHK003": ("ivr_scripts/dialplan.yaml", "callcenter/notice: >-", "callcenter/notice: [>-"),
    "CHK004": ("ivr_scripts/dialplan.yaml", "digits/7: семь", "digits/7: 7 семь"),
}


HIDDEN_BY_OTHERS = {"IVR410", "CHK004"}
"""A talk of a script that is broken is not played, a word of a file that is no YAML not read."""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, int, list[Problem]]]:
    """By code: the broken file, the line and all that `check` told, after two rounds: the others, the hidden."""
    told = {}
    for codes in (PLANTED.keys() - HIDDEN_BY_OTHERS, HIDDEN_BY_OTHERS):
        directory = tmp_path_factory.mktemp("planted")
        files = Files(directory)
        lines = {}
        for code in codes:
            name, before, after = PLANTED[code]
            lines[code] = (directory / name, files.replace(directory / name, before, after))
        problems = files.check()
        told |= {code: (*lines[code], problems) for code in codes}
    return told


@pytest.mark.parametrize("code", PLANTED)
def test_each_broken_file_is_named_with_its_line(
    planted: dict[str, tuple[Path, int, list[Problem]]], code: str
) -> None:
    file, line, problems = planted[code]
    found = [problem for problem in problems if problem.fatal and problem.code == code]
    assert [problem.position.file for problem in found] == [file]
    if code not in {"IVR410", "CHK003"}:  # a talk differs where it is judged; a file that is no YAML has no line
        assert found[0].position.line == line


def test_all_faults_are_told_in_the_order_of_their_places(
    planted: dict[str, tuple[Path, int, list[Problem]]],
) -> None:
    for _, _, problems in planted.values():
        assert [problem.position for problem in problems] == sorted(problem.position for problem in problems)


def test_one_fault_brings_no_other(files: Files) -> None:
    files.replace(files.knowledge / "law.yaml", "2019-03-01", "давно")
    assert fatal_codes(files.check()) == {"LAW012"}
    assert fatal_codes(find_problems(None, scripts=files.scripts, knowledge=files.knowledge, today=TODAY)) == {"LAW012"}


def test_talks_without_their_script_and_a_script_without_talks_are_named(files: Files) -> None:
    (files.scripts / "main.talks.yaml").rename(files.scripts / "night.talks.yaml")
    problems = find_script_problems(files.scripts, read_knowledge(files.knowledge))
    assert {problem.position.file.name for problem in problems if problem.code == "CHK002"} == {"night.talks.yaml"}
    assert any(problem.position.file.name == "main.talks.yaml" and problem.fatal for problem in problems)


def test_settings_that_cannot_work_are_told_with_the_rest(files: Files, tmp_path: Path) -> None:
    trunk = TrunkSettings(kind=TrunkKind.REGISTRATION, host="sip.example", user="u", password_file=tmp_path / "missing")
    ear, voice = SpeechRecognitionSettings(model=Path("/no/such/model")), VoiceSettings(engine="alisa")
    settings = Settings(telephony=TelephonySettings(trunk=trunk), ear=ear, voice=voice, script="ночной")
    problems = files.check(settings)
    assert fatal_codes(problems) == {"CHK001", "CHK005", "CHK006", "CHK007"}
    assert any("main" in problem.message for problem in problems if problem.code == "CHK001")


@pytest.mark.parametrize(
    ("ear", "told"),
    [
        (SpeechRecognitionSettings(model=Path("/no/such/model")), "/no/such/model"),
        (SpeechRecognitionSettings(engine="callcenter.no_such_engine"), "нет движка речи «callcenter.no_such_engine»"),
        (SpeechRecognitionSettings(addresses=("nonsense",)), "«nonsense» — не адрес"),
    ],
)
def test_an_ear_that_cannot_hear_is_named(ear: SpeechRecognitionSettings, told: str) -> None:
    (problem,) = find_ear_problems(Settings(ear=ear))
    assert (problem.code, problem.fatal) == ("CHK006", True)
    assert told in problem.message


@pytest.mark.parametrize(
    ("voice", "told"),
    [
        (VoiceSettings(engine="alisa"), "нет голоса «alisa»; есть: festival"),
        (VoiceSettings(engine="festival", speaker="anna"), "у festival нет голоса «anna»"),
    ],
)
def test_a_voice_that_cannot_speak_is_named(voice: VoiceSettings, told: str) -> None:
    (problem,) = find_voice_problems(Settings(voice=voice))
    assert (problem.code, problem.fatal) == ("CHK007", True)
    assert told in problem.message


def test_a_model_is_described_before_it_hears(tmp_path: Path) -> None:
    settings = Settings(ear=SpeechRecognitionSettings(model=write_tone_model(tmp_path / "model", ["вода"])))
    assert find_ear_problems(settings) == []
    assert "слов: 2" in describe_ear(settings)
    assert settings.callers_are_heard
    assert not Settings().callers_are_heard
    assert "по кнопкам" in describe_ear(Settings())


def test_a_dialplan_that_lets_strangers_dial_out_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    templates = tmp_path / "asterisk_conf"
    shutil.copytree(configuration.TEMPLATES, templates)
    with (templates / "extensions.conf.j2").open("a", encoding="utf-8") as dialplan:
        dialplan.write("\n[from-resident](+)\nexten => _X.,1,Dial(PJSIP/${EXTEN}@trunk)\n")
    monkeypatch.setattr(configuration, "TEMPLATES", templates)
    found = [problem for problem in find_configuration_problems(Settings()) if problem.fatal]
    assert {problem.code for problem in found} == {"AST101", "AST106", "AST107"}
    (place,) = {problem.position for problem in found}
    assert place.file == templates / "extensions.conf.j2"
    assert place.file.read_text(encoding="utf-8").splitlines()[place.line - 1].startswith("exten => _X.,1,Dial")


def test_an_expired_answer_is_listed_and_stops_nobody(files: Files) -> None:
    files.replace(files.knowledge / "KB27-quiet-hours.md", "valid_until: 2027-12-31", "valid_until: 2026-11-23")
    problems = files.check()
    assert fatal_codes(problems) == set()
    (silent,) = [problem for problem in problems if problem.code == "KB103"]
    assert "KB27" in silent.message


@pytest.fixture
def run_check(tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Runs the command as a person does, with the given settings file and no instance at all."""

    def run(toml: str) -> subprocess.CompletedProcess[str]:
        settings = tmp_path / "callcenter.toml"
        settings.write_text(toml, encoding="utf-8")
        home = tmp_path / "home"
        environment = {**os.environ, "CALLCENTER_SETTINGS_FILE": str(settings), "CALLCENTER_HOME": str(home)}
        return subprocess.run(
            [sys.executable, "-m", "callcenter", "check"],
            cwd=TREE,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_the_command_needs_no_centre_and_makes_none(
    run_check: Callable[[str], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = run_check("")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ошибок: 0" in done.stdout
    assert not (tmp_path / "home").exists()


def test_the_command_names_the_field_of_a_broken_setting(
    run_check: Callable[[str], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = run_check("[telephony]\nmax_calls = 0\n[queue]\nstrategy = 'random'\n")
    assert done.returncode == 1
    assert done.stdout.count("SET001") == 2
    file = tmp_path / "callcenter.toml"
    assert done.stdout.splitlines()[:2] == [
        f"{file}:2: telephony.max_calls = 0: не меньше 1 (SET001)",
        f"{file}:4: queue.strategy = 'random': "
        "можно одно из: 'rrmemory', 'leastrecent', 'fewestcalls' или 'ringall' (SET001)",
    ]


def broken_settings(monkeypatch: pytest.MonkeyPatch, file: Path, text: str) -> list[str]:
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("CALLCENTER_SETTINGS_FILE", str(file))
    with pytest.raises(BrokenSettings) as broken:
        read_settings()
    return [str(problem).removeprefix(str(file)) for problem in name_settings(broken.value)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("scrpt = 'x'", ":1: scrpt = 'x': такой настройки нет; может быть, script? (SET001)"),
        ("[queue]\nwrap_up = 5", ":2: queue.wrap_up = 5: такой настройки нет; может быть, wrap_up_seconds? (SET001)"),
        ("production = 'да'", ":1: production = 'да': нужно true или false (SET001)"),
        ("[telephony]\n\nmax_calls = 'six'", ":3: telephony.max_calls = 'six': нужно целое число без кавычек (SET001)"),
        ("company = {number = '812'}", r":1: company.number = '812': должно подходить под ^\+7\d{10}$ (SET001)"),
        ("telephony = 5", ":1: telephony = 5: нужна таблица: [telephony] (SET001)"),
        (
            "[telephony.trunk]\naddresses = ['10.0.0.1/8']",
            ":2: telephony.trunk.addresses.0 = '10.0.0.1/8': "
            "нужна сеть IPv4, например 10.0.0.0/8: биты после маски — нули (SET001)",
        ),
        (
            "[desk\n",
            ":1: файл настроек не читается: "
            "Expected ']' at the end of a table declaration (at line 1, column 6) (SET001)",
        ),
        (
            "[telephony]\n[telephony.trunk]\nkind = 'address'",
            ":2: telephony.trunk = {'kind': 'address'}: линии по адресу нужны host и addresses (SET001)",
        ),
    ],
)  # fmt: skip
def test_a_broken_setting_is_told_at_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    assert broken_settings(monkeypatch, tmp_path / "centre.toml", text) == [told]


def test_a_broken_variable_is_named_because_it_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLCENTER_QUEUE__RING_SECONDS", "1")
    told = broken_settings(monkeypatch, tmp_path / "centre.toml", "[queue]\nring_seconds = 20\n")
    assert told == [
        ": queue.ring_seconds = '1': не меньше 5 (задано переменной CALLCENTER_QUEUE__RING_SECONDS) (SET001)"
    ]

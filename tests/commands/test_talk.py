"""`callcenter talk`: the caller played by hand, in a real terminal, and the talk kept as a test that passes."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.commands.in_memory_register import open_in_memory_actions
from callcenter.commands.talk import BrokenFiles, ManualTalk, find_script, run, save_talk
from callcenter.core.problems import FileLocation
from callcenter.dialogue.scripts.rehearsal import run_talk, run_talks
from callcenter.dialogue.scripts.talks import (
    CallerHangsUp,
    CallerIsSilent,
    CallerPresses,
    End,
    RobotAnswers,
    RobotDoes,
    RobotSays,
    Talk,
    read_talks,
    read_usual_outcomes,
)
from callcenter.settings import TREE
from tests.dialogue.main_script import CARRY_OUT, KNOWLEDGE, KNOWN, MAIN, TODAY, ZONE, shipped_mind
from tests.stand_ins.clock import FakeClock

ANSWERS = KNOWLEDGE.render_answers(TODAY)
TWIN = TREE / "ivr_scripts" / "main.talks.yaml"


def play(*lines: str, ask_outcomes: bool = False, ear: bool = False) -> tuple[Talk, list[str]]:
    """Plays the main script by these lines, as on a Tuesday morning; the talk, and what was shown."""
    waiting, shown = iter(lines), []
    game = ManualTalk(
        MAIN,
        ANSWERS,
        read_usual_outcomes(TWIN),
        read=lambda prompt: next(waiting, None),
        write=shown.append,
        ask_outcomes=ask_outcomes,
        recognition_enabled=ear,
        interpreter=shipped_mind() if ear else None,
        run_action=open_in_memory_actions(KNOWN, ZONE, FakeClock()),
    )
    return game.play(name="сыграно", place=FileLocation(TWIN)), shown


def test_a_played_talk_holds_what_was_said_pressed_and_done() -> None:
    talk, shown = play("12", "1", "0")
    kinds = [type(turn) for turn in talk.turns]
    assert kinds[:5] == [RobotSays, RobotSays, RobotSays, CallerPresses, RobotAnswers]
    assert [turn.action for turn in talk.turns if isinstance(turn, RobotDoes)] == [
        "проверить номер звонящего",
        "зарегистрировать заявку",
    ]
    assert (talk.end, talk.served) == (End.PUT_THROUGH, True)
    assert shown[-1] == "Итог: соединён, звонящий обслужен."
    assert run_talk(MAIN, talk, answers=ANSWERS) == []


@pytest.mark.parametrize(
    ("lines", "end"),
    [
        (("",) * 3, End.PUT_THROUGH),
        (("т",), End.HUNG_UP),
        (("H",), End.HUNG_UP),
        ((), End.HUNG_UP),
        (("9", "1"), End.PUT_THROUGH_IN_DANGER),
        (("211", "3"), End.GOODBYE),
        (("алло", "211", "3"), End.GOODBYE),
        (("#", "0"), End.PUT_THROUGH),
    ],
)
def test_every_way_to_play_ends_and_passes_as_a_test(lines: tuple[str, ...], end: End) -> None:
    talk, _ = play(*lines)
    assert talk.end is end
    assert run_talk(MAIN, talk, answers=ANSWERS) == []


def test_a_ticket_comes_out_as_its_trouble_and_address_were_told() -> None:
    told = "у нас прорвало трубу на кухне тихая улица дом одиннадцать квартира семь"
    talk, shown = play(told, "да", "нет спасибо", ear=True)
    assert "[зарегистрировать заявку: готово]" in shown
    assert not any("Осталось назвать адрес" in line for line in shown)
    assert any("Её номер: два шесть, ноль ноль ноль, ноль ноль один." in line for line in shown)
    (outcome,) = talk.outcomes["зарегистрировать заявку"]
    assert outcome.facts["срок"] == "сегодня до девяти часов тридцати минут"
    assert run_talk(MAIN, talk, answers=ANSWERS, interpreter=shipped_mind()) == []


def test_readings_come_out_as_they_were_told() -> None:
    talk, shown = play(
        "хочу передать показания", "781203#", "горячая вода", "девяносто тысяч", "нет", "горячая вода девяносто", "да",
        ear=True,
    )  # fmt: skip
    assert [one.outcome for one in talk.outcomes["проверить показание"]] == ["сомнительно", "похоже"]
    assert any("Горячая вода: это намного больше обычного расхода." in line for line in shown)
    assert any("горячая вода 90." in line for line in shown)
    assert "[принять показание: готово]" in shown
    assert run_talk(MAIN, talk, answers=ANSWERS, interpreter=shipped_mind()) == []


def test_a_silence_and_a_hang_up_are_turns_of_the_talk() -> None:
    talk, _ = play("", "т")
    assert [type(turn) for turn in talk.turns if not isinstance(turn, RobotSays)] == [CallerIsSilent, CallerHangsUp]


def test_the_outcome_of_an_action_may_be_asked_for() -> None:
    talk, shown = play("12", "", "1", "чепуха", "нет базы", ask_outcomes=True)
    assert "[зарегистрировать заявку: нет базы]" in shown
    assert [outcome.outcome for outcome in talk.outcomes["зарегистрировать заявку"]] == ["нет базы"]
    assert any("он вам перезвонит" in line for line in shown)


def test_an_outcome_that_is_asked_for_comes_with_the_usual_words() -> None:
    _, shown = play("3", "214#", "готово", "3", ask_outcomes=True)
    assert any("передана исполнителю" in line for line in shown)


def test_a_saved_talk_stands_behind_the_others_and_passes(tmp_path: Path) -> None:
    twin = tmp_path / "main.talks.yaml"
    shutil.copy(TWIN, twin)
    talk, _ = play("9", "1")
    save_talk(twin, talk, MAIN, ANSWERS)
    assert twin.read_text(encoding="utf-8").startswith(TWIN.read_text(encoding="utf-8").rstrip("\n"))
    talks, problems = read_talks(twin)
    assert problems == []
    assert talks[-1].name == "сыграно"
    assert run_talks(MAIN, talks, answers=ANSWERS, interpreter=shipped_mind(), get_outcome=CARRY_OUT) == []


def test_the_first_talk_makes_the_file(tmp_path: Path) -> None:
    save_talk(tmp_path / "new.talks.yaml", play("0")[0], MAIN, ANSWERS)
    talks, problems = read_talks(tmp_path / "new.talks.yaml")
    assert (len(talks), problems) == (1, [])


@pytest.mark.parametrize("fault", ["same name", "something behind the talks", "not what the robot does"])
def test_a_talk_that_would_not_pass_changes_nothing(tmp_path: Path, fault: str) -> None:
    twin = tmp_path / "main.talks.yaml"
    talk, _ = play("0")
    save_talk(twin, talk, MAIN, ANSWERS)
    answers = ANSWERS
    if fault == "something behind the talks":
        with twin.open("a", encoding="utf-8") as file:
            file.write("обычные исходы: {}\n")
        talk = Talk("другой", talk.position, talk.turns, talk.end, talk.served, {}, frozenset())
    elif fault == "not what the robot does":
        talk = Talk("другой", talk.position, talk.turns, End.GOODBYE, talk.served, {}, frozenset())
    before = twin.read_text(encoding="utf-8")
    with pytest.raises(BrokenFiles):
        save_talk(twin, talk, MAIN, answers)
    assert twin.read_text(encoding="utf-8") == before
    assert [file.name for file in tmp_path.iterdir()] == ["main.talks.yaml"]


def test_a_script_is_found_by_name_or_path_and_an_unknown_one_named() -> None:
    assert find_script("main") == TREE / "ivr_scripts" / "main.yaml"
    assert find_script(str(TREE / "tests" / "dialogue" / "small.yaml")).name == "small.yaml"
    with pytest.raises(BrokenFiles, match="есть: main"):
        find_script("мейн")


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, *command: str, directory: Path) -> None:
        self._ours, theirs = pty.openpty()
        environment = {**os.environ, "CALLCENTER_HOME": str(directory / "home"), "PYTHONUTF8": "1"}
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=TREE, env=environment, start_new_session=True
        )
        os.close(theirs)
        self.shown = ""
        self._seen = 0

    def shows(self, words: str, *, within: float = 30.0) -> None:
        """Waits until the words stand on the screen, later than the last ones waited for."""
        give_up = time.monotonic() + within
        while words not in self.shown[self._seen :]:
            ready, _, _ = select.select([self._ours], [], [], max(0.0, give_up - time.monotonic()))
            assert ready, f"never shown: «{words}»; on the screen: {self.shown}"
            self.shown += self._read()
        self._seen = self.shown.index(words, self._seen) + len(words)

    def types(self, line: str) -> None:
        os.write(self._ours, f"{line}\n".encode())

    def ends(self, *, within: float = 30.0) -> int:
        code = self.process.wait(within)
        while select.select([self._ours], [], [], 0)[0] and (more := self._read()):
            self.shown += more
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)

    def _read(self) -> str:
        try:
            return os.read(self._ours, 65536).decode(errors="replace")
        except OSError:  # the other end of a terminal is closed
            return ""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A copy of the main script and its talks, to save into."""
    for name in ("main.yaml", "main.talks.yaml"):
        shutil.copy(TREE / "ivr_scripts" / name, tmp_path / name)
    return tmp_path / "main.yaml"


@pytest.fixture
def terminal(script: Path, tmp_path: Path) -> Iterator[Terminal]:
    command = (sys.executable, "-m", "callcenter", "talk", str(script), "--save", "прорвало, из терминала")
    terminal = Terminal(*command, directory=tmp_path)
    yield terminal
    terminal.close()


def test_a_leak_is_played_in_a_terminal_and_kept_as_a_test(terminal: Terminal, script: Path) -> None:
    terminal.shows("Разговор записывается")
    terminal.shows("Вы: ")
    terminal.types("1")
    terminal.shows("Течёт вода: нажмите один")
    terminal.types("1")
    terminal.shows("Течёт с потолка")
    terminal.types("1")
    terminal.shows("Отойдите от провисшего потолка")
    terminal.types("1")
    terminal.shows("[зарегистрировать заявку: без адреса]")
    terminal.shows("Её номер: ")
    terminal.shows(", ноль ноль ноль, ноль ноль один")
    terminal.types("3")
    terminal.shows("До свидания")
    terminal.shows("записан в")
    assert terminal.ends() == 0
    talks, problems = read_talks(script.with_name("main.talks.yaml"))
    assert problems == []
    assert (talks[-1].name, talks[-1].end) == ("прорвало, из терминала", End.GOODBYE)
    assert run_talk(MAIN, talks[-1], answers=KNOWLEDGE.render_answers(TODAY)) == []


def test_a_broken_script_is_not_played_but_its_mistakes_are_listed(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("затем: справки\n", "затем: спавки\n", 1), encoding="utf-8")
    with pytest.raises(BrokenFiles, match=r"main\.yaml:\d+:16: нет шага «спавки»; может быть, «справки»\? \(IVR201\)"):
        run(Namespace(script=str(script), save=None, ask_outcomes=False))

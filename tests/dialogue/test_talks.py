"""Talks as tests of a script: how they read, where they and the robot differ, and that a written one reads the same."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.core.problems import FileLocation
from callcenter.dialogue.scripts.rehearsal import run_talk, run_talks
from callcenter.dialogue.scripts.talk_writer import write_talk
from callcenter.dialogue.scripts.talks import (
    CallerHangsUp,
    CallerIsSilent,
    CallerPresses,
    CallerSpeaks,
    End,
    GivenOutcome,
    RobotAnswers,
    RobotDoes,
    RobotSays,
    Talk,
    find_talks_file,
    read_talks,
    read_usual_outcomes,
)
from tests.dialogue.talking import SMALL, small_script

HEAD = """\
обычные исходы:
  записать: {исход: готово, номер заявки: два шесть}
разговоры:
"""
GOOD = """\
  - разговор: течёт
    ход:
      - робот: Разговор записывается
      - нажал: 1
      - робот делает: записать
        с: {категория: WATER}
      - робот: Номер заявки два шесть
    итог: попрощались
    готово: да
"""
NOWHERE = FileLocation(Path("nowhere"))


def write(directory: Path, talks: str, *, head: str = HEAD) -> Path:
    file = directory / "x.talks.yaml"
    file.write_text(head + talks, encoding="utf-8")
    return file


def differences(directory: Path, talks: str) -> list[str]:
    """Where the small script differs from the talks, each as `line:column message`."""
    read, problems = read_talks(write(directory, talks))
    assert problems == []
    found = [problem for talk in read for problem in run_talk(small_script(), talk)]
    assert all(problem.code == "IVR410" and problem.fatal for problem in found)
    return [f"{problem.position.line}:{problem.position.column} {problem.message}" for problem in found]


def test_a_talk_is_read_turn_by_turn(tmp_path: Path) -> None:
    (talk,), problems = read_talks(write(tmp_path, GOOD))
    assert problems == []
    assert (talk.name, talk.end, talk.served) == ("течёт", End.GOODBYE, True)
    kinds = [type(turn) for turn in talk.turns]
    assert kinds == [RobotSays, CallerPresses, RobotDoes, RobotSays]
    assert talk.outcomes == {"записать": (GivenOutcome("готово", {"номер заявки": "два шесть"}),)}


def test_a_talk_that_tells_the_truth_passes(tmp_path: Path) -> None:
    assert differences(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("before", "after", "place", "told"),
    [
        (
            "робот: Номер заявки два",
            "робот: Номер заявки три",
            "10:16",
            "робот не сказал «Номер заявки три шесть»; сказано: ",
        ),
        ("нажал: 1", "нажал: 2", "8:23", "робот не сделал «записать»"),
        ("{категория: WATER}", "{категория: HEAT}", "8:23", "с другими сведениями"),
        ("итог: попрощались", "итог: соединён", "10:16", "итог другой: попрощались, а не «соединён»"),
        ("готово: да", "готово: нет", "10:16", "звонящий обслужен, а не должен"),
        ("нажал: 1", "житель: алло", "8:23", "робот не сделал «записать»"),
        (
            "      - робот: Номер",
            "      - нажал: 1\n      - робот: Номер",
            "10:16",
            "робот уже не слушает: попрощались",
        ),
        (
            "робот: Разговор записывается\n",
            "перебил: 1\n      - повесил трубку\n      - повесил трубку\n",
            "8:9",
            "вешать трубку поздно",
        ),
        ("      - нажал: 1\n", "      - робот отвечает: KB77\n", "7:25", "у робота нет ответа «KB77»"),
    ],
)
def test_a_difference_is_told_where_the_talk_and_the_robot_part(
    tmp_path: Path, before: str, after: str, place: str, told: str
) -> None:
    assert GOOD.count(before) == 1
    (difference,) = differences(tmp_path, GOOD.replace(before, after))
    assert difference.startswith(f"{place} разговор «течёт»: ")
    assert told in difference


def test_an_action_without_a_given_outcome_is_named(tmp_path: Path) -> None:
    (talk,), _ = read_talks(write(tmp_path, GOOD, head="разговоры:\n"))
    (problem,) = run_talk(small_script(), talk)
    assert "не сказано, чем кончилось «записать»; добавьте в «исходы»" in problem.message


def test_a_talk_without_interruption_waits_until_the_robot_listens(tmp_path: Path) -> None:
    ends = "      - робот: Нет такой кнопки\n      - нажал: 8\n    итог: соединён\n"
    head = "  - разговор: терпеливый\n    ход:\n"
    assert differences(tmp_path, f"{head}      - нажал: 8\n{ends}") == []
    (difference,) = differences(tmp_path, f"{head}      - перебил: 8\n{ends}")
    assert "робот не сказал «Нет такой кнопки»" in difference, "a key kept from the greeting is no miss"


def test_an_answer_silenced_in_a_talk_sends_the_caller_to_a_person(tmp_path: Path) -> None:
    talk = "  - разговор: молчание\n    нет ответов: [KB01]\n    ход: [{нажал: 2}]\n    итог: соединён\n"
    assert differences(tmp_path, talk) == []
    assert differences(tmp_path, talk.replace("    нет ответов: [KB01]\n", "")) != []


def test_steps_that_no_talk_enters_are_listed_and_stop_nobody(tmp_path: Path) -> None:
    read, _ = read_talks(write(tmp_path, GOOD))
    unseen = run_talks(small_script(), read)
    assert {problem.code for problem in unseen} == {"IVR411"}
    assert not any(problem.fatal for problem in unseen)
    names = [name for name in small_script().steps if any(f"«{name}»" in problem.message for problem in unseen)]
    assert names == ["телефон", "повтор номера", "справка", "человек", "срочно"]
    assert unseen[0].position.file == SMALL


@pytest.mark.parametrize(
    ("before", "after", "found", "told"),
    [
        ("      - нажал: 1", "      - нажмал: 1", "7:9 IVR101", "может быть, «нажал»?"),
        ("      - нажал: 1", "      - житель молчат", "7:9 IVR401", "может быть, «житель молчит»?"),
        ("      - нажал: 1", "      - {нажал: 1, робот: Да}", "7:9 IVR401", "должно быть одно из"),
        ("итог: попрощались", "итог: попрощался", "11:11 IVR402", "может быть, «попрощались»?"),
        ("нажал: 1", "нажал: раз", "7:16 IVR403", "подряд и без пробелов"),
        ("нажал: 1", "нажал: 1 2", "7:16 IVR403", "подряд и без пробелов"),
        ("робот: Разговор записывается", "робот: '…'", "6:16 IVR106", "нет ни одного слова"),
        ("{категория: WATER}", "WATER", "9:12 IVR103", "{имя: значение}"),
        ("    итог: попрощались\n", "", "4:5 IVR102", "«итог»"),
        ("    готово: да\n", f"    готово: да\n{GOOD}", "13:15 IVR404", "уже есть в строке 4"),
        ("    готово: да", "    готово: ага", "12:13 IVR109", "«да» или «нет»"),
        ("    ход:\n", "    исходы: {записать: {номер заявки: 1}}\n    ход:\n", "5:24 IVR102", "«исход»"),
    ],
)
def test_one_mistake_in_a_talk_is_one_finding_at_its_place(
    tmp_path: Path, before: str, after: str, found: str, told: str
) -> None:
    assert GOOD.count(before) == 1
    _, problems = read_talks(write(tmp_path, GOOD.replace(before, after)))
    assert [f"{problem.position.line}:{problem.position.column} {problem.code}" for problem in problems] == [found]
    assert told in problems[0].message


def test_a_broken_talk_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    other = GOOD.replace("течёт", "другой")
    talks, problems = read_talks(
        write(tmp_path, GOOD.replace("нажал: 1", "нажмал: 1").replace("итог: ", "итог: не") + other)
    )
    assert [talk.name for talk in talks] == ["другой"]
    assert {problem.code for problem in problems} == {"IVR101", "IVR402"}


def test_a_script_without_a_twin_has_no_usual_outcomes(tmp_path: Path) -> None:
    assert find_talks_file(tmp_path / "main.yaml") == tmp_path / "main.talks.yaml"
    assert read_usual_outcomes(tmp_path / "main.talks.yaml") == {}
    assert read_usual_outcomes(write(tmp_path, GOOD))["записать"][0].outcome == "готово"


# --- a written talk reads the same

said = st.text(st.sampled_from("абвё жяЯ№:#-{}[]\"'«»,.!?&*%@|>\\/0123456789"), max_size=30).map(
    lambda text: f"да {text}".strip()
)
texts = said.map(lambda text: " ".join(text.split()))
keys = st.text(st.sampled_from("0123456789*#"), min_size=1, max_size=12)
facts: st.SearchStrategy[Mapping[str, str]] = st.dictionaries(
    st.sampled_from(("категория", "номер заявки")), texts, max_size=2
)
turns = st.one_of(
    st.builds(RobotSays, texts, st.just(NOWHERE)),
    st.builds(RobotAnswers, texts, st.just(NOWHERE)),
    st.builds(RobotDoes, texts, facts, st.just(NOWHERE)),
    st.builds(CallerPresses, keys, st.just(NOWHERE), interrupting=st.booleans()),
    st.builds(CallerSpeaks, texts, st.just(NOWHERE)),
    st.builds(CallerIsSilent, st.just(NOWHERE)),
    st.builds(CallerHangsUp, st.just(NOWHERE)),
)
outcomes = st.builds(GivenOutcome, texts, facts)
whole_talks = st.builds(
    Talk,
    name=texts,
    position=st.just(NOWHERE),
    turns=st.lists(turns, min_size=1, max_size=6).map(tuple),
    end=st.sampled_from(End),
    served=st.sampled_from((True, False, None)),
    outcomes=st.dictionaries(
        st.sampled_from(("записать", "узнать")), st.lists(outcomes, min_size=1, max_size=2).map(tuple)
    ),
    unavailable_articles=st.frozensets(st.sampled_from(("KB01", "безопасность:WATER"))),
)


@settings(max_examples=60, deadline=None)
@given(whole_talks)
def test_a_written_talk_reads_the_same(talk: Talk) -> None:
    with TemporaryDirectory() as directory:
        file = Path(directory) / "x.talks.yaml"
        file.write_text(f"разговоры:\n{write_talk(talk)}", encoding="utf-8")
        read, problems = read_talks(file)
    assert problems == []
    assert [forget_places(one) for one in read] == [talk]


def forget_places(talk: Talk) -> Talk:
    turns = tuple(replace(turn, position=NOWHERE) for turn in talk.turns)
    return replace(talk, position=NOWHERE, turns=turns, outcomes=dict(talk.outcomes))

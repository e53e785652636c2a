"""One broken script per rule: the code, the very place, the mend, and no echo of the mistake elsewhere."""

import re
from pathlib import Path

import pytest

from callcenter.core.problems import FileLocation, Problem
from callcenter.settings import TREE
from tests.dialogue.script_mistakes import GOOD, MARK, SLIPS, Slip
from tests.dialogue.talking import SMALL, read

NOT_FATAL = {"IVR314"}


def plant(directory: Path, *changes: tuple[str, str]) -> tuple[Path, int, int]:
    """The good script with `changes`, and the line and column of the mark."""
    text = GOOD
    for before, after in changes:
        assert text.count(before) == 1, f"«{before}» stands {text.count(before)} times in the good script"
        text = text.replace(before, after)
    assert text.count(MARK) == 1
    begin = text[: text.index(MARK)]
    file = directory / "broken.yaml"
    file.write_text(text.replace(MARK, ""), encoding="utf-8")
    return file, begin.count("\n") + 1, len(begin) - begin.rfind("\n")


def test_the_good_script_is_good() -> None:
    script, problems = read(SMALL)
    assert script is not None
    assert problems == []


@pytest.mark.parametrize("planted", SLIPS, ids=lambda planted: f"{planted.code} {planted.told}")
def test_one_mistake_is_one_finding_at_its_place_with_its_mend(planted: Slip, tmp_path: Path) -> None:
    file, line, column = plant(tmp_path, *planted.changes)
    script, problems = read(file)
    assert [str(problem) for problem in problems] == [
        str(problem) for problem in problems if problem.code == planted.code
    ]
    (found,) = problems
    assert (found.code, found.position.file, found.position.line, found.position.column) == (
        planted.code,
        file,
        line,
        column,
    )
    assert planted.told in found.message
    assert found.fatal is (planted.code not in NOT_FATAL)
    assert (script is None) is found.fatal


# --- the file as a whole


def test_a_byte_order_mark_is_named_and_hides_nothing(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("\ufeff" + GOOD.replace("затем: справка", "затем: спрвка"), encoding="utf-8")
    assert codes(file) == ["1:1 IVR001", "22:16 IVR201"]


def test_windows_1251_is_named_with_its_first_letter(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_bytes(b"# note\n" + GOOD.encode("cp1251"))
    (found,) = read(file)[1]
    assert (found.position.line, found.position.column, found.code) == (2, 1, "IVR002")
    assert "Windows-1251" in found.message


def test_the_line_ends_of_windows_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "good.yaml"
    file.write_bytes(GOOD.replace("\n", "\r\n").encode())
    assert read(file)[1] == []
    file.write_bytes(GOOD.replace("затем: справка", "затем: спрвка").replace("\n", "\r\n").encode())
    assert codes(file) == ["22:16 IVR201"]


def test_a_file_that_is_not_there_or_is_no_file_is_named(tmp_path: Path) -> None:
    assert codes(tmp_path / "missing.yaml") == ["0:0 IVR008"]
    assert codes(tmp_path) == ["0:0 IVR008"]


@pytest.mark.parametrize("text", ["", "\n\n", "# только пометка\n", "---\n"])
def test_an_empty_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "empty.yaml"
    file.write_text(text, encoding="utf-8")
    script, problems = read(file)
    assert script is None
    assert [problem.code for problem in problems] == ["IVR009"]


def test_a_file_nested_without_end_is_refused_and_not_followed(tmp_path: Path) -> None:
    file = tmp_path / "deep.yaml"
    file.write_text("шаги: " + "[" * 500 + "]" * 500, encoding="utf-8")
    assert "IVR005" in {problem.code for problem in read(file)[1]}


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD
    planted = (
        ("сценарий:", "сцeнарий:"),
        ("уведомление: да", "уведомление: угу"),
        ("{категория: WATER}", "{категория: WETER}"),
        ("{от: 3,", "{от: 33,"),
        ("сделай: записать", "сделай: запесать"),
        ("ответ: KB01", "ответ: KB07"),
        ("затем: прощание\n    нет", "затем: пращание\n    нет"),
        ("соедини: диспетчеры\n    причина: опасность", "соедини: дежурные\n    причина: опасность"),
        ("попрощайся: До свидания!", "попрощайся: Скажите «пока»."),
    )
    for before, after in planted:
        assert text.count(before) == 1
        text = text.replace(before, after)
    file = tmp_path / "broken.yaml"
    file.write_text(text, encoding="utf-8")
    problems = read(file)[1]
    told = ["IVR004", "IVR109", "IVR207", "IVR110", "IVR202", "IVR203", "IVR201", "IVR204", "IVR309"]
    assert [problem.code for problem in problems] == told
    assert problems == sorted(problems)


def test_a_finding_reads_as_file_line_column_message_and_code() -> None:
    problem = Problem(FileLocation(Path("main.yaml"), 12, 16), "IVR201", "нет шага «адрис»; может быть, «адрес»?")
    assert str(problem) == "main.yaml:12:16: нет шага «адрис»; может быть, «адрес»? (IVR201)"


def test_every_rule_of_the_reader_has_its_broken_script() -> None:
    rooms = [file.read_text(encoding="utf-8") for file in (TREE / "callcenter" / "dialogue").rglob("*.py")]
    rules = set(re.findall(r'"(IVR\d{3})"', "\n".join(rooms)))
    of_whole_files = {"IVR001", "IVR002", "IVR008", "IVR009"}
    of_talks = {"IVR401", "IVR402", "IVR403", "IVR404", "IVR410", "IVR411"}  # test_talks.py
    assert rules == {one.code for one in SLIPS} | of_whole_files | of_talks


def codes(file: Path) -> list[str]:
    return [f"{problem.position.line}:{problem.position.column} {problem.code}" for problem in read(file)[1]]

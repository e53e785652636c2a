"""Ten real calls, each told again by its tape. A tape that fails here tells of a fault, or of a change that was meant:
then `python -m tests.tapes.record` records them anew."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from callcenter.__main__ import main
from callcenter.journal.editions import EditionNotFound, edition_file, read_kept_edition
from callcenter.journal.tape import TapeLine, TapeSource, read_tape
from callcenter.replay.anonymize import anonymize_tape
from callcenter.replay.replay import Replay, replay, replay_lines

TAPES = Path(__file__).parent.parent / "tapes"
NAMES = sorted(file.name.removesuffix(".tape.jsonl") for file in TAPES.glob("*.tape.jsonl"))


def tape(name: str) -> Path:
    return TAPES / f"{name}.tape.jsonl"


def replay_without(lines: Sequence[TapeLine], missing: TapeLine) -> Replay:
    return replay_lines([line for line in lines if line is not missing], directory=TAPES)


def test_all_ten_are_here() -> None:
    ten = {
        "burst-pipe", "danger", "hang-up-mid-prompt", "lease-end", "passport-hours", "person-asked", "silence",
        "ticket-status", "withheld-number", "wrong-keys",
    }  # fmt: skip
    assert ten <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_call_comes_out_as_it_did(name: str) -> None:
    assert [str(difference) for difference in replay(tape(name)).differences] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_line_is_seen_where_it_is_missing(name: str) -> None:
    lines = read_tape(tape(name))
    brought = [
        line
        for line, following in pairwise(lines)
        if line.source is TapeSource.EVENT and following.content.get("letter") in ("Key", "SoundEnded")
    ]
    played = [line for line in lines if line.source is TapeSource.REQUEST and "/play/" in line.content["path"]]
    for missing in (brought[-1], played[-1]):
        differences = replay_without(lines, missing).differences
        assert differences, missing
        assert missing.number < differences[0].line_number <= missing.number + 5


def test_the_call_is_told_as_it_went() -> None:
    story = [line[8:] for line in replay(tape("passport-hours")).transcript]
    assert story[:2] == [
        "робот: Здравствуйте! Разговор записывается.",
        "робот: Это ситуационный центр «Северный берег».",
    ]
    assert [line for line in story if not line.startswith("робот: ")] == [
        "житель нажал 2",
        "житель нажал 1",
        "житель нажал 1",
        "житель нажал 3",
        "робот кладёт трубку",
        "конец звонка",
        "итог: ответил робот",
    ]


def test_what_asterisk_did_alone_is_told_too() -> None:
    story = [line[8:] for line in replay(tape("lease-end")).transcript]
    assert story[-5:] == [
        "робот не отвечает: станция ведёт звонок сама",
        "житель в очереди",
        "житель и диспетчер слышат друг друга",
        "конец звонка",
        "итог: разговор с диспетчером",
    ]


def test_a_replay_is_the_same_every_time() -> None:
    lines = read_tape(tape("burst-pipe"))
    missing = next(line for line in lines if line.source is TapeSource.ACTION)
    first, second = replay_without(lines, missing), replay_without(lines, missing)
    assert len(first.differences) > 3
    assert first == second


def test_another_outcome_of_the_record_is_a_difference() -> None:
    lines = read_tape(tape("person-asked"))
    assert lines[-1].source is TapeSource.RECORD
    other = replace(lines[-1], content={**lines[-1].content, "outcome": "abandoned"})
    (difference,) = replay_lines([*lines[:-1], other], directory=TAPES).differences
    assert str(difference) == f"строка {other.number}: итог был abandoned, стал talked"


def test_words_that_changed_are_shown_side_by_side(tmp_path: Path) -> None:
    (line,) = [line for line in read_tape(tape("passport-hours")) if line.source is TapeSource.TAPE]
    named = line.content["edition"]["hash"]
    edition = read_kept_edition(edition_file(TAPES, named))
    changed = replace(edition, script=edition.script.replace("Здравствуйте! Разговор", "Добрый день! Разговор"))
    edition_file(tmp_path, named).parent.mkdir()
    edition_file(tmp_path, named).write_text(changed.text, encoding="utf-8")
    copy = Path(shutil.copy(tape("passport-hours"), tmp_path))
    said, noted = replay(copy).differences
    assert said.description == (
        'было: prompt {"text": "Здравствуйте! Разговор записывается."}; '
        'стало: prompt {"text": "Добрый день! Разговор записывается."}'
    )
    assert "Добрый день" in noted.description


def test_a_tape_without_its_edition_says_what_is_missing(tmp_path: Path) -> None:
    copy = Path(shutil.copy(tape("silence"), tmp_path))
    with pytest.raises(EditionNotFound, match="is not in editions/ beside or above the tape"):
        replay(copy)


def test_the_command_tells_the_call_and_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tape("hang-up-mid-prompt"))]) == 0
    told = capsys.readouterr().out
    assert "  робот: Здравствуйте! Разговор записывается.\n" in told
    assert told.endswith("Расхождений нет: звонок повторился строка в строку.\n")
    shutil.copytree(TAPES / "editions", tmp_path / "editions")
    lines = tape("hang-up-mid-prompt").read_text(encoding="utf-8").splitlines(keepends=True)
    number = next(number for number, line in enumerate(lines) if json.loads(line)["source"] == "prompt")
    mutilated = tmp_path / "x.tape.jsonl"
    mutilated.write_text("".join(lines[:number] + lines[number + 1 :]), encoding="utf-8")
    assert main(["replay", str(mutilated)]) == 1
    assert f"\nстрока {number + 1}: сверх плёнки: prompt " in capsys.readouterr().out
    assert main(["replay", str(tmp_path / "editions" / next((tmp_path / "editions").iterdir()).name)]) == 1
    assert "not a tape" in capsys.readouterr().err
    assert main(["replay", str(tmp_path / "nothing")]) == 1
    assert "No such file" in capsys.readouterr().err


def test_a_copy_tells_nobodys_number_nor_name_and_plays(tmp_path: Path) -> None:
    original = tape("person-asked").read_text(encoding="utf-8").replace("9001112233", "9217654321")
    (tmp_path / "own.tape.jsonl").write_text(
        original.replace('"caller":{"name":""', '"caller":{"name":"Иван"'), encoding="utf-8"
    )
    shutil.copytree(TAPES / "editions", tmp_path / "editions")
    copy = tmp_path / "reports" / "copy.tape.jsonl"
    copy.parent.mkdir()
    assert main(["replay", str(tmp_path / "own.tape.jsonl"), "--copy", str(copy)]) == 0
    (edition,) = (copy.parent / "editions").iterdir()
    assert edition.name in [file.name for file in (TAPES / "editions").iterdir()]
    text = copy.read_text(encoding="utf-8")
    assert "Иван" not in text
    assert "9217654321" not in text
    assert '"caller":{"name":"Житель","number":"79001112233"}' in text


def test_a_number_that_was_typed_in_is_another_one_in_the_copy(tmp_path: Path) -> None:
    lines = read_tape(tape("withheld-number"))
    (tmp_path / "copy.tape.jsonl").write_bytes(anonymize_tape(lines))
    copied = read_tape(tmp_path / "copy.tape.jsonl")
    for keys in (keys_of_events, keys_of_letters):
        assert keys(lines) == "11289001112244#1"
        assert keys(copied) == "11289001112233#1"
    assert "9001112244" not in (tmp_path / "copy.tape.jsonl").read_text(encoding="utf-8")
    assert replay_lines(copied, directory=TAPES).differences == ()


@pytest.mark.parametrize("name", ["1", "9001112244", "main", "caller", 'Иван "Труба"'])
def test_a_caller_s_name_is_replaced_only_where_a_name_stands(name: str, tmp_path: Path) -> None:
    text = tape("withheld-number").read_text(encoding="utf-8")
    (tmp_path / "own.tape.jsonl").write_text(call_caller(text, name), encoding="utf-8")
    copied = anonymize_tape(read_tape(tmp_path / "own.tape.jsonl")).decode()
    assert copied.count("Житель") == text.count("Anonymous")
    assert copied == anonymize_tape(read_tape(tape("withheld-number"))).decode()


def call_caller(text: str, name: str) -> str:
    """The tape with another caller's name than «Anonymous», also in CEL's lines, which are JSON in a string."""
    named = json.dumps(name, ensure_ascii=False)
    named_in_string = json.dumps(named, ensure_ascii=False)[1:-1]
    return text.replace('"Anonymous"', named).replace('\\"Anonymous\\"', named_in_string)


def test_a_hundred_numbers_are_as_long_in_the_copy_as_they_were() -> None:
    first = read_tape(tape("withheld-number"))[0]
    lines = [
        TapeLine(number, first.at, TapeSource.NOTE, {"kind": "arrived", "facts": {"caller_shown": f"79217654{number}"}})
        for number in range(100, 200)
    ]
    numbers = [json.loads(line)["facts"]["caller_shown"] for line in anonymize_tape(lines).splitlines()]
    assert {len(number) for number in numbers} == {11}
    assert len(set(numbers)) == 100


def keys_of_events(lines: Sequence[TapeLine]) -> str:
    return "".join(line.content["event"].get("digit", "") for line in lines if line.source is TapeSource.EVENT)


def keys_of_letters(lines: Sequence[TapeLine]) -> str:
    return "".join(line.content["fields"].get("key", "") for line in lines if line.source is TapeSource.LETTER)

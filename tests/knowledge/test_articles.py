"""Answers are spoken only when a person approved them, they are still valid and nothing in them is missing."""

from datetime import date
from pathlib import Path

import pytest

from callcenter.knowledge.articles import Article, read_articles

TODAY = date(2026, 11, 24)
HOURS = {"PASSPORT_HOURS": "с 9:00 до 18:00"}
GOOD = """---
id: KB01
question: Где паспортный стол
wordings:
  - паспортный стол часы
approved_by: директор
approved_on: 2026-11-01
valid_until: 2026-12-31
houses: все
basis: данные компании
mark: "[S1]"
---
Паспортный стол принимает {PASSPORT_HOURS}.
"""


def write(directory: Path, text: str, *, name: str = "KB01-passport.md") -> Path:
    file = directory / name
    file.write_text(text, encoding="utf-8")
    return file


def read(directory: Path, text: str) -> Article:
    write(directory, text)
    articles, problems = read_articles(directory)
    assert problems == []
    (article,) = articles
    return article


def test_an_approved_answer_is_spoken_with_the_companys_facts(tmp_path: Path) -> None:
    article = read(tmp_path, GOOD)
    assert article.render_answer(HOURS, TODAY) == "Паспортный стол принимает с 9:00 до 18:00."
    assert article.wordings == ("паспортный стол часы",)
    assert article.houses == ()
    assert article.source_status == "[S1]"


def test_an_answer_is_spoken_on_its_last_day_and_never_after(tmp_path: Path) -> None:
    article = read(tmp_path, GOOD)
    assert article.render_answer(HOURS, date(2026, 12, 31)) is not None
    assert article.render_answer(HOURS, date(2027, 1, 1)) is None


@pytest.mark.parametrize(
    ("number", "before", "after"),
    [
        (101, "approved_by: директор", "approved_by: ''"),
        (101, "approved_on: 2026-11-01\n", ""),
        (102, "approved_on: 2026-11-01", "approved_on: 2026-11-25"),
        (103, "valid_until: 2026-12-31", "valid_until: 2026-11-23"),
        (104, "{PASSPORT_HOURS}", "{PASSPORT_HOURS} и {ROOM}"),
        (105, "houses: все", "houses: [Садовая 5]"),
    ],
)
def test_what_may_not_be_spoken_is_silent_and_says_why(tmp_path: Path, number: int, before: str, after: str) -> None:
    article = read(tmp_path, GOOD.replace(before, after))
    assert article.render_answer(HOURS, TODAY) is None
    reason = article.explain_unspoken(HOURS, TODAY)
    assert reason is not None
    assert reason[0] == number


def test_an_empty_fact_counts_as_missing(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD).render_answer({"PASSPORT_HOURS": ""}, TODAY) is None


BROKEN = {
    "KB005": (5, GOOD.replace("wordings:", "wordings: [")),
    "KB006": (4, GOOD.replace("wordings:", "question: ещё раз\nwordings:")),
    "KB007": (2, "---\n- id\n---\nОтвет.\n"),
    "KB008": (4, GOOD.replace("wordings:", "wording:")),
    "KB009": (2, GOOD.replace("basis: данные компании\n", "")),
    "KB010": (4, GOOD.replace("wordings:\n  - паспортный стол часы", "wordings: паспортный стол")),
    "KB011": (13, GOOD.replace("Паспортный стол принимает", "Паспортный cтол принимает")),
    "KB012": (8, GOOD.replace("2026-12-31", "31.12.2026")),
    "KB021": (1, GOOD.removeprefix("---\n")),
    "KB022": (9, GOOD.replace("houses: все", "houses: некоторые")),
    "KB023": (2, GOOD.replace("id: KB01", "id: A1")),
    "KB024": (2, GOOD.replace("id: KB01", "id: KB02")),
    "KB025": (13, GOOD.replace("Паспортный стол принимает {PASSPORT_HOURS}.", "")),
    "KB026": (13, GOOD.replace("принимает", "принимает " + "очень " * 70)),
    "KB027": (13, GOOD.replace("{PASSPORT_HOURS}", "{часы}")),
    "KB028": (13, GOOD.replace("принимает {PASSPORT_HOURS}", "открыт. Назовите квартиру")),
    "KB029": (13, GOOD.replace("Паспортный стол", "**Паспортный стол**")),
}


@pytest.mark.parametrize("code", BROKEN)
def test_each_rule_names_its_line(tmp_path: Path, code: str) -> None:
    line, text = BROKEN[code]
    file = write(tmp_path, text)
    articles, problems = read_articles(tmp_path)
    assert articles == ()
    found = {problem.code: problem for problem in problems}
    assert code in found, problems
    assert found[code].fatal
    assert found[code].position.file == file
    assert found[code].position.line == line


def test_every_mistake_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("2026-12-31", "скоро").replace("houses: все", "houses: []").replace("{", "{ "))
    _, problems = read_articles(tmp_path)
    assert [problem.code for problem in problems] == ["KB012", "KB022", "KB027"]


def test_two_files_may_not_share_an_id(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, GOOD, name="KB01-second.md")
    articles, problems = read_articles(tmp_path)
    assert [article.file.name for article in articles] == ["KB01-passport.md"]
    assert [(problem.code, problem.position.file.name) for problem in problems] == [("KB020", "KB01-second.md")]


@pytest.mark.parametrize(
    ("code", "raw"),
    [
        ("KB002", b"\xef\xbb\xbf" + GOOD.encode()),
        ("KB003", GOOD.encode("cp1251", errors="replace")),
        ("KB004", GOOD.replace("принимает", "принимает по-русски: и\u0306").encode()),
    ],
)
def test_a_file_in_a_strange_encoding_is_named(tmp_path: Path, code: str, raw: bytes) -> None:
    (tmp_path / "KB01-passport.md").write_bytes(raw)
    articles, problems = read_articles(tmp_path)
    assert articles == ()
    assert [problem.code for problem in problems] == [code]


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "KB01-passport.md").mkdir()
    _, problems = read_articles(tmp_path)
    assert [problem.code for problem in problems] == ["KB001"]


def test_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "KB01-passport.md").write_bytes(GOOD.replace("\n", "\r\n").encode())
    (article,), problems = read_articles(tmp_path)
    assert problems == []
    assert article.body == "Паспортный стол принимает {PASSPORT_HOURS}."

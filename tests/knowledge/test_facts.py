"""Company facts and figures of the law carry their source and their dates."""

from datetime import date
from pathlib import Path

import pytest

from callcenter.knowledge.facts import FigureNotFound, read_company, read_law

COMPANY = """facts:
  PASSPORT_HOURS:
    value: с 9:00 до 18:00
    source: приказ
    valid_until: 2026-12-31
  ROOM:
    value:
    source: план офиса
"""
LAW = """figures:
  CALLBACK_WITHIN:
    versions:
      - value: 20
        unit: minutes
        meaning: перезвонить
        basis: старая редакция
        valid_from: 2013-06-01
      - value: 10
        unit: minutes
        meaning: перезвонить
        basis: ПП РФ 416 п. 13
        mark: "[S1]"
        valid_from: 2019-03-01
"""


def write(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def test_a_fact_is_known_until_its_last_day(tmp_path: Path) -> None:
    company, problems = read_company(write(tmp_path / "company.yaml", COMPANY))
    assert problems == []
    assert company.list_valid_facts(date(2026, 12, 31)) == {"PASSPORT_HOURS": "с 9:00 до 18:00"}
    assert company.list_valid_facts(date(2027, 1, 1)) == {}


def test_empty_and_expired_facts_are_listed_without_stopping_anybody(tmp_path: Path) -> None:
    company, _ = read_company(write(tmp_path / "company.yaml", COMPANY))
    silent = company.find_unspoken_facts(date(2027, 1, 1))
    assert [(problem.code, problem.position.line, problem.fatal) for problem in silent] == [
        ("COM102", 3, False),
        ("COM101", 7, False),
    ]


@pytest.mark.parametrize(
    ("code", "line", "text"),
    [
        ("COM008", 4, COMPANY.replace("    source: приказ", "    sourse: приказ\n    source: приказ")),
        ("COM009", 3, COMPANY.replace("    source: приказ\n", "")),
        ("COM011", 3, COMPANY.replace("с 9:00", "c утpа")),
        ("COM012", 5, COMPANY.replace("2026-12-31", "всегда")),
        ("COM020", 0, ""),
        ("COM021", 3, COMPANY.replace("с 9:00", "{ROOM} 9:00").replace(": {", ": с {")),
        ("COM022", 3, COMPANY.replace("PASSPORT_HOURS", "часы")),
    ],
)
def test_each_rule_of_the_company_names_its_line(tmp_path: Path, code: str, line: int, text: str) -> None:
    _, problems = read_company(write(tmp_path / "company.yaml", text))
    assert [(problem.code, problem.position.line) for problem in problems] == [(code, line)]


def test_a_figure_is_the_one_in_force_on_the_day(tmp_path: Path) -> None:
    law, problems = read_law(write(tmp_path / "law.yaml", LAW))
    assert problems == []
    assert law.find_value("CALLBACK_WITHIN", date(2019, 2, 28)).value == 20
    assert law.find_value("CALLBACK_WITHIN", date(2019, 3, 1)).value == 10


def test_a_figure_not_yet_in_force_is_not_guessed(tmp_path: Path) -> None:
    law, _ = read_law(write(tmp_path / "law.yaml", LAW))
    with pytest.raises(FigureNotFound, match="CALLBACK_WITHIN"):
        law.find_value("CALLBACK_WITHIN", date(2013, 1, 1))


@pytest.mark.parametrize(
    ("code", "line", "text"),
    [
        ("LAW009", 4, LAW.replace("        basis: старая редакция\n", "")),
        ("LAW009", 3, LAW.replace("    versions:", "    version_list:")),
        ("LAW012", 8, LAW.replace("2013-06-01", "2013")),
        ("LAW013", 4, LAW.replace("value: 20", "value: двадцать")),
        ("LAW014", 5, LAW.replace("unit: minutes", "unit: minuts", 1)),
        ("LAW020", 0, ""),
        ("LAW022", 3, LAW.replace("CALLBACK_WITHIN", "callback")),
    ],
)
def test_each_rule_of_the_law_names_its_line(tmp_path: Path, code: str, line: int, text: str) -> None:
    _, problems = read_law(write(tmp_path / "law.yaml", text))
    assert (code, line) in [(problem.code, problem.position.line) for problem in problems]

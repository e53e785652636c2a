"""Categories are data: every clock with its basis, every fault with its line."""

from datetime import time
from pathlib import Path

import pytest

from callcenter.knowledge.categories import Categories, CategoryIntent, ClockKind, ClockStart, Urgency, Window
from callcenter.knowledge.categories_file import read_categories

GOOD = """categories:
  - code: CHUTE_CLOG
    name: Засор мусоропровода
    phrases:
      - мусоропровод забит
    urgency: accident
    term: 2 часа с регистрации
    basis: ПП РФ 416
    mark: "[S1]"
    clocks:
      - kind: resolve
        minutes: 120
        starts: registration
        basis: ПП РФ 416 п. 13
        mark: "[S1]"
        window: "8:00-23:00"
      - kind: localise
        minutes: 60
        starts: message
        basis: регламент
        regulation: true
        if: если в подъезде пахнет
    working_day_terms:
      - kind: respond
        working_days: 10
        basis: ПП РФ 416 п. 36
    responsible: уборщик
    safety: Не бросать мусор
    safety_spoken: Не бросайте мусор.
    asked_by_keys: 1
"""


def read(directory: Path, text: str) -> Categories:
    file = directory / "categories.yaml"
    file.write_text(text, encoding="utf-8")
    categories, problems = read_categories(file)
    assert problems == []
    return categories


def test_how_callers_speak_of_a_category_is_data(tmp_path: Path) -> None:
    plain = read(tmp_path, GOOD)["CHUTE_CLOG"]
    assert (plain.intent, plain.family, plain.is_consulting, plain.is_other_provider) == (None, "CHUTE", False, False)
    more = (
        "    family: waste\n    intent: paid\n    consulting: true\n    other_provider: true\n    scope_unclear: true\n"
    )
    told = read(tmp_path, GOOD + more)["CHUTE_CLOG"]
    assert (told.intent, told.family, told.is_consulting) == (CategoryIntent.PAID, "waste", True)
    assert (told.is_other_provider, told.is_scope_unclear) == (True, True)


def test_an_unknown_intent_is_named(tmp_path: Path) -> None:
    file = tmp_path / "categories.yaml"
    file.write_text(f"{GOOD}    intent: wish\n", encoding="utf-8")
    _, problems = read_categories(file)
    assert [(problem.position.line, "wish" in problem.message) for problem in problems] == [(31, True)]


def test_a_category_is_read_with_its_clocks(tmp_path: Path) -> None:
    category = read(tmp_path, GOOD)["CHUTE_CLOG"]
    assert category.urgency is Urgency.ACCIDENT
    assert category.urgency.label == "авария"
    (clock,) = category.clocks
    assert (clock.kind, clock.minutes, clock.starts) == (ClockKind.RESOLVE, 120, ClockStart.REGISTRATION)
    assert clock.business_hours == Window(time(8), time(23))
    assert not clock.is_company_rule
    (other,) = category.conditional_clocks
    assert other.is_company_rule
    assert other.condition == "если в подъезде пахнет"
    assert [term.working_days for term in category.working_day_deadlines] == [10]


def test_the_menu_keeps_its_order_not_that_of_the_file(tmp_path: Path) -> None:
    second = GOOD.removeprefix("categories:\n").replace("CHUTE_CLOG", "LIFT_FAULT").replace("by_keys: 1", "by_keys: 2")
    categories = read(tmp_path, "categories:\n" + second + GOOD.removeprefix("categories:\n"))
    assert [category.code for category in categories] == ["LIFT_FAULT", "CHUTE_CLOG"]
    assert [category.code for category in categories.menu_categories] == ["CHUTE_CLOG", "LIFT_FAULT"]
    assert "LIFT_FAULT" in categories
    assert categories.get("NOPE") is None


SECOND = len(GOOD.splitlines()) + 1
"""Where a second category begins: of two that cannot both be right, the later one is at fault."""

BROKEN = {
    "CAT005": (4, GOOD.replace("    name: Засор", "    name: [Засор").replace("    phrases:", "    phrases: ]")),
    "CAT006": (4, GOOD.replace("    phrases:", "    name: ещё раз\n    phrases:")),
    "CAT007": (2, "categories:\n  - CHUTE_CLOG\n"),
    "CAT008": (8, GOOD.replace("    basis: ПП РФ 416\n", "    основание: ПП РФ 416\n")),
    "CAT009": (2, GOOD.replace("    responsible: уборщик\n", "")),
    "CAT010": (4, GOOD.replace("    phrases:\n      - мусоропровод забит", "    phrases: забит")),
    "CAT011": (3, GOOD.replace("Засор", "Зaсор")),
    "CAT013": (12, GOOD.replace("120", "два часа")),
    "CAT014": (6, GOOD.replace("accident", "acident")),
    "CAT020": (0, "# пусто\n"),
    "CAT021": (SECOND, GOOD + GOOD.removeprefix("categories:\n").replace("    asked_by_keys: 1\n", "")),
    "CAT022": (SECOND, GOOD + GOOD.removeprefix("categories:\n").replace("CHUTE_CLOG", "LIFT_FAULT")),
    "CAT023": (0, GOOD.replace("asked_by_keys: 1", "asked_by_keys: 2")),
    "CAT024": (2, GOOD.replace("CHUTE_CLOG", "chute")),
    "CAT025": (2, GOOD.replace("        if: если в подъезде пахнет\n", "").replace("localise", "resolve")),
    "CAT026": (2, GOOD.replace("    safety_spoken: Не бросайте мусор.\n", "")),
    "CAT027": (2, GOOD.replace("Не бросайте мусор.", "Не бросайте мусор. " * 20)),
    "CAT028": (2, GOOD.replace("Не бросайте мусор.", "Назовите этаж.")),
    "CAT029": (16, GOOD.replace("8:00-23:00", "23:00-8:00")),
}


@pytest.mark.parametrize("code", BROKEN)
def test_each_rule_names_its_line(tmp_path: Path, code: str) -> None:
    line, text = BROKEN[code]
    file = tmp_path / "categories.yaml"
    file.write_text(text, encoding="utf-8")
    _, problems = read_categories(file)
    assert [problem.code for problem in problems] == [code]
    (problem,) = problems
    assert problem.fatal
    assert problem.position.line == line


def test_safety_words_that_ask_to_speak_are_refused_for_callers_who_are_not_heard(tmp_path: Path) -> None:
    file = tmp_path / "categories.yaml"
    file.write_text(GOOD.replace("Не бросайте мусор.", "Назовите этаж."), encoding="utf-8")
    (problem,) = read_categories(file)[1]
    assert problem.message == (
        "CHUTE_CLOG: «Назовите» в safety_spoken, а эти слова звучат и тем, кого робот не слышит; перепишите фразу"
    )


def test_half_a_clock_is_no_clock(tmp_path: Path) -> None:
    file = tmp_path / "categories.yaml"
    file.write_text(GOOD.replace("        starts: registration\n", ""), encoding="utf-8")
    categories, problems = read_categories(file)
    assert [(problem.code, problem.position.line) for problem in problems] == [("CAT009", 11)]
    assert len(categories) == 0


def test_a_missing_file_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    categories, problems = read_categories(tmp_path / "categories.yaml")
    assert len(categories) == 0
    assert [problem.code for problem in problems] == ["CAT001"]

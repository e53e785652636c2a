"""How words sound: entries reach whole words only, and each mistake is named at its line."""

from pathlib import Path

import pytest

from callcenter.knowledge.pronunciation import FILE, Pronunciation, read_pronunciation
from callcenter.settings import TREE

ZAMOK = Pronunciation(
    {"замок": "з+амок", "дверной замок": "дверной зам+ок", "звонит": "звон+ит", "энгельса": "+энгельса"}
)


@pytest.mark.parametrize(
    ("words", "sound"),
    [
        ("Старый замок.", "Старый з+амок."),
        ("Сломан дверной  замок!", "Сломан дверной зам+ок!"),
        ("Звонит сосед.", "Звон+ит сосед."),
        ("Перезвонит, замокла.", "Перезвонит, замокла."),
        ("Улица Энгельса, дом два.", "Улица +энгельса, дом два."),
        ("по-замок зам+ок", "по-замок зам+ок"),
        ("", ""),
    ],
)
def test_whole_words_sound_as_written_the_longest_entry_first(words: str, sound: str) -> None:
    assert ZAMOK.apply(words) == sound


def test_what_ships_is_sound() -> None:
    pronunciation, problems = read_pronunciation(TREE / "knowledge_base" / FILE)
    assert problems == []
    assert pronunciation.apply("Диспетчер вам перезвонит.") == "Дисп+етчер вам перезвон+ит."


def test_no_file_is_no_fault(tmp_path: Path) -> None:
    pronunciation, problems = read_pronunciation(tmp_path / FILE)
    assert problems == []
    assert pronunciation.apply("замок") == "замок"


def test_the_accent_serves_as_well_as_the_plus(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_text("words:\n  Интернет: интэрнэ\u0301т\n", encoding="utf-8")
    pronunciation, problems = read_pronunciation(file)
    assert problems == []
    assert pronunciation.apply("интернет") == "интэрн+эт"


@pytest.mark.parametrize(
    ("code", "entry", "told"),
    [
        ("PRN101", "звон+ит: звон+ит", "слева"),
        ("PRN101", "дом 5: дом пять", "русские буквы"),
        ("PRN102", "раз два три четыре пять: р+аз", "не больше 4"),
        ("PRN103", "Замок: з+амок", "второй раз"),
        ("PRN104", "стояк: stoyak", "только русские"),
        ("PRN105", "стояк: сто+як+", "перед гласной"),
        ("PRN106", "стояк: ст+о+як", "два ударения"),
        ("PRN107", "стояк: стояк", "ничего не меняет"),
        ("PRN006", "замок: з+амок", "второй раз"),
        ("PRN009", "стояк:", "пуст"),
        ("PRN010", "стояк: [сто+як]", "нужен текст"),
    ],
)
def test_each_mistake_is_named_at_its_line_and_costs_one_entry(
    tmp_path: Path, code: str, entry: str, told: str
) -> None:
    file = tmp_path / FILE
    file.write_text(f"words:\n  замок: зам+ок\n  {entry}\n  щель: щ+ель\n", encoding="utf-8")
    pronunciation, problems = read_pronunciation(file)
    assert [(problem.code, problem.position.line) for problem in problems] == [(code, 3)]
    assert told in problems[0].message
    assert pronunciation.entries == {"замок": "зам+ок", "щель": "щ+ель"}

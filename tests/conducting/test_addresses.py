"""What the centre knows of its houses: what is missing in an address, and the causes that are told before a ticket."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callcenter.conducting.action_specs import ADDRESS, ADDRESS_QUESTION, ASKED, PLACE, TRIES, VARIANTS
from callcenter.conducting.addresses import MOST_TRIES, AddressCheck, check_address, check_danger_place
from callcenter.conducting.knowledge_snapshot import KnowledgeSnapshot
from callcenter.conducting.outages import read_outages
from callcenter.dialogue.interpretation.address_fact import format_address, parse_address, spoken_address
from callcenter.houses.houses import read_houses
from callcenter.knowledge.base import read_knowledge
from callcenter.settings import TREE
from callcenter.understanding.address.address_book import AddressBook
from callcenter.understanding.words import read_words

ZONE = ZoneInfo("Europe/Moscow")
HOUSES, _ = read_houses(TREE / "knowledge_base" / "houses.csv")
CATEGORIES = read_knowledge(TREE / "knowledge_base").categories
KNOWN = KnowledgeSnapshot(houses=HOUSES, categories=CATEGORIES)
BOOK = AddressBook(HOUSES)
CODES = {category.code for category in CATEGORIES}
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=ZONE)


def check(said: str, category: str, *, asked: str = "", tries: int = 0) -> AddressCheck:
    return check_address(format_address(BOOK.find_address(read_words(said))), category, asked, tries, KNOWN)


@pytest.mark.parametrize(
    ("said", "category", "outcome"),
    [
        ("энгельса сто тридцать девять корпус один строение два квартира двенадцать", "WAT_LEAK_RISER", "полон"),
        ("бабушкина шестьдесят один квартира сорок", "FLOOD_ABOVE", "полон"),
        ("труба течёт", "WAT_LEAK_RISER", "нет адреса"),
        ("квартира двенадцать", "WAT_LEAK_RISER", "нет улицы и дома"),
        ("лифт стоит", "LIFT_FAULT", "нет улицы и дома"),
        ("дом двенадцать квартира пять", "WAT_LEAK_RISER", "нет улицы"),
        ("на савушкина", "WAT_LEAK_RISER", "нет дома"),
        ("тихая одиннадцать", "WAT_LEAK_RISER", "нет квартиры"),
        ("тихая одиннадцать", "SNOW_ICE_YARD", "полон"),
        ("тихая одиннадцать", "LIFT_FAULT", "нет парадной"),
        ("тихая одиннадцать вторая парадная", "LIFT_FAULT", "полон"),
        ("тихая одиннадцать квартира сорок", "LIFT_FAULT", "полон"),
        ("приморское шоссе пятнадцать", "LIFT_FAULT", "полон"),
        ("тельмана тридцать два квартира пять", "FLOOD_ABOVE", "несколько"),
        ("тихая одиннадцать квартира пятьсот", "FLOOD_ABOVE", "не сходится"),
        ("жалоба на слесаря", "COMPLAINT_STAFF", "полон"),
    ],
)
def test_only_what_is_missing_is_asked_for(said: str, category: str, outcome: str) -> None:
    assert check(said, category).outcome == outcome


def test_a_whole_address_is_read_back_as_the_list_spells_it() -> None:
    checked = check("северная гавань корпус три квартира десять", "FLOOD_ABOVE")
    assert checked.facts[ADDRESS] == "Приморский проспект, дом 52, корпус 3, квартира 10"
    assert (checked.facts[ASKED], checked.facts[TRIES]) == ("", "0")


@pytest.mark.parametrize(
    ("said", "address"),
    [
        (
            "энгельса сто тридцать девять корпус один квартира двенадцать",
            "проспект Энгельса, дом 139, корпус 1, квартира 12",
        ),
        ("маршала казакова десять квартира сорок", "улица Маршала Казакова, дом 10, квартира 40"),
    ],
)
def test_who_names_no_building_means_the_house_without_one(said: str, address: str) -> None:
    assert check(said, "FLOOD_ABOVE").facts[ADDRESS] == address


def test_whoever_must_choose_hears_what_there_is() -> None:
    checked = check("тельмана тридцать два квартира пять", "FLOOD_ABOVE")
    assert checked.facts[VARIANTS] == "Какой корпус: 1 или 2?"
    assert (checked.facts[ASKED], checked.facts[TRIES]) == ("building", "1")


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("дом сто тридцать девять корпус один квартира двенадцать", "Это проспект Энгельса, дом 139, корпус 1?"),
        ("дом сто тридцать девять квартира двенадцать", "Это проспект Энгельса, дом 139?"),
        ("дом четыре корпус один", "Это деревня Новая Ладожка, Озёрная улица, дом 4, корпус 1?"),
        ("дом двенадцать корпус один", ""),
        ("дом сто тридцать девять корпус три", ""),
        ("дом сто тридцать девять квартира девятьсот", ""),
        ("квартира двенадцать", ""),
    ],
)
def test_the_only_street_with_such_a_house_is_proposed(said: str, question: str) -> None:
    assert check(said, "FLOOD_ABOVE").facts.get(ADDRESS_QUESTION, "") == question


def test_a_letter_where_the_house_has_none_is_a_word_misheard() -> None:
    checked = check("есенина один а корпус один квартира пять", "FLOOD_ABOVE")
    assert checked.facts[ADDRESS] == "улица Есенина, дом 1, корпус 1, квартира 5"


def test_a_building_where_there_is_none_is_not_asked_for_again() -> None:
    checked = check("тихая одиннадцать корпус два квартира пять", "FLOOD_ABOVE")
    assert checked.facts[ADDRESS_QUESTION] == "Такого адреса в списке домов нет. Назовите его ещё раз, пожалуйста."
    assert checked.facts[PLACE] == "улица: Тихая улица; дом: 11; квартира: 5"


def test_a_street_is_proposed_once() -> None:
    assert check("дом сто тридцать девять", "FLOOD_ABOVE", asked="street", tries=1).outcome == "нет улицы"


def test_in_danger_the_street_alone_is_asked_for() -> None:
    checked = check_danger_place(format_address(BOOK.find_address(read_words("дом сто тридцать девять"))), 0, KNOWN)
    assert checked.facts[ADDRESS_QUESTION] == "Какая улица?"


@pytest.mark.parametrize("column", ["building", "structure", "letter"])
def test_in_danger_the_house_is_asked_for_where_there_are_too_many_to_name(tmp_path: Path, column: str) -> None:
    values = "АБВГДЕ" if column == "letter" else range(1, 7)
    file = tmp_path / "houses.csv"
    rows = "".join(f"Тихая улица;11;{value}\n" for value in values)
    file.write_text(f"street;house;{column}\n{rows}", encoding="utf-8")
    houses, problems = read_houses(file)
    assert problems == []
    place = format_address(AddressBook(houses).find_address(read_words("тихая одиннадцать")))
    checked = check_danger_place(place, 0, KnowledgeSnapshot(houses=houses, categories=CATEGORIES))
    assert checked.facts[ADDRESS_QUESTION] == "Какой номер дома? Если есть корпус, назовите и его."


def test_nobody_is_asked_for_ever() -> None:
    assert check("на савушкина", "FLOOD_ABOVE", tries=MOST_TRIES - 1).outcome == "нет дома"
    assert check("на савушкина", "FLOOD_ABOVE", tries=MOST_TRIES).outcome == "не выходит"


def test_an_address_survives_being_a_fact() -> None:
    address = BOOK.find_address(read_words("садовая девять литер бэ вторая парадная квартира шесть"))
    assert spoken_address(parse_address(format_address(address), HOUSES)) == spoken_address(address)
    assert format_address(parse_address("", HOUSES)) == ""


OUTAGES = """outages:
  - id: a
    houses:
      - Тихая улица, 11
      - посёлок Зелёный Бор, Садовая улица, 5
      - проспект Энгельса, 139
    categories: [WAT_COLD_NONE]
    reason: меняют задвижку
    who: Водоканал
    since: 2026-11-25 09:00
    expected: 2026-11-25 18:00
    until: 2026-11-25 20:00
"""


def write(directory: Path, text: str) -> Path:
    file = directory / "outages.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("place", "category", "minutes", "known"),
    [
        ("улица: Тихая улица; дом: 11", "WAT_COLD_NONE", 0, True),
        ("улица: Тихая улица; дом: 11", "HEAT_NONE", 0, False),
        ("улица: проспект Энгельса; дом: 139; корпус: 21", "WAT_COLD_NONE", 0, True),
        ("посёлок: посёлок Зелёный Бор; улица: Садовая улица; дом: 5", "WAT_COLD_NONE", 0, True),
        ("улица: Светлая улица; дом: 4", "WAT_COLD_NONE", 0, False),
        ("улица: Тихая улица; дом: 11", "WAT_COLD_NONE", -181, False),
        ("улица: Тихая улица; дом: 11", "WAT_COLD_NONE", 480, False),
    ],
)
def test_a_cause_is_told_for_its_houses_its_troubles_and_its_time(
    tmp_path: Path, place: str, category: str, minutes: int, *, known: bool
) -> None:
    outages, problems = read_outages(write(tmp_path, OUTAGES), HOUSES, categories=CODES, zone=ZONE)
    assert problems == []
    house = parse_address(place, HOUSES).house
    assert house is not None
    found = outages.find(house, (category,), now=NOW + timedelta(minutes=minutes))
    assert (found is not None) is known


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("OUT012", "2026-11-25 18:00", "в шесть"),
        ("OUT031", "WAT_COLD_NONE", "WATER"),
        ("OUT032", "houses:\n", "houses: кругом\n    reason: x\n    x:\n"),
        ("OUT033", "Тихая улица, 11", "Тихая улица, 12"),
        ("OUT033", "Тихая улица, 11", "Тихая улица, 11, кв 5"),
        ("OUT034", "2026-11-25 20:00", "2026-11-25 08:00"),
    ],
)
def test_each_slip_has_its_code(tmp_path: Path, code: str, before: str, after: str) -> None:
    file = write(tmp_path, OUTAGES.replace(before, after))
    outages, problems = read_outages(file, HOUSES, categories=CODES, zone=ZONE)
    assert code in {problem.code for problem in problems}
    assert outages.all == ()


def test_the_file_that_ships_is_sound() -> None:
    outages, problems = read_outages(TREE / "knowledge_base" / "outages.yaml", HOUSES, categories=CODES, zone=ZONE)
    assert problems == []
    assert len(outages.all) == 1


def test_without_the_file_no_cause_is_known(tmp_path: Path) -> None:
    outages, problems = read_outages(tmp_path / "outages.yaml", HOUSES, categories=CODES, zone=ZONE)
    assert (outages.all, problems) == ((), [])


def test_an_id_stands_once(tmp_path: Path) -> None:
    twice = OUTAGES + OUTAGES.removeprefix("outages:\n")
    _, problems = read_outages(write(tmp_path, twice), HOUSES, categories=CODES, zone=ZONE)
    assert [problem.code for problem in problems] == ["OUT030"]

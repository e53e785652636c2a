"""The list of the company's houses, read from the file `houses.csv`; the address reader matches addresses with it."""

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from callcenter.core.problems import Problem
from callcenter.knowledge.yaml_reader import FileProblems, YamlNode, find_mixed_words, read_text

COLUMNS = (
    "settlement", "street", "house", "building", "structure", "letter", "complex", "also", "entrances", "floors",
    "flats",
)  # fmt: skip
STREET_TYPES = (
    "улица", "проспект", "переулок", "проезд", "бульвар", "набережная", "шоссе", "площадь", "линия", "аллея", "тупик",
    "дорога", "тракт", "микрорайон",
)  # fmt: skip
_DELIMITERS = (";", "\t", ",")
"""Tried in this order: a line separated by semicolons may hold commas inside its fields."""
_HOUSE = re.compile(r"[1-9][0-9]{0,3}(?:[/-][1-9][0-9]{0,3})?")
_SMALL_NUMBER = re.compile(r"[1-9][0-9]{0,2}")
_LETTER = re.compile(r"[А-ЯЁ]")
_RANGE = re.compile(r"([1-9][0-9]{0,3})-([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class House:
    """One house of the list; unknown fields are empty."""

    settlement: str
    street: str
    """The official spelling with the type of street: «проспект Энгельса», «1-я линия»."""
    house: str
    """The house number: `139`, `12/14`."""
    building: str = ""
    """Корпус, a number."""
    structure: str = ""
    """Строение, a number."""
    letter: str = ""
    """Литера, one Russian capital letter."""
    complex: str = ""
    """The name of the housing development: «ЖК «Северная гавань»»."""
    aliases: tuple[str, ...] = ()
    """Other names that people use for the house."""
    entrances: int | None = None
    floors: int | None = None
    apartment_ranges: tuple[tuple[int, int], ...] = ()
    """First and last flat of each entrance in order; a single pair is for the whole house. Empty: not known."""

    def can_have_apartment(self, flat: int) -> bool:
        """Whether the house can have the flat; True if the ranges are not known."""
        return not self.apartment_ranges or any(first <= flat <= last for first, last in self.apartment_ranges)

    def find_entrance(self, flat: int) -> int | None:
        """Returns the number of the entrance of a flat, from 1; None if the list does not tell."""
        if self.entrances != len(self.apartment_ranges):
            return None
        return next(
            (place for place, (first, last) in enumerate(self.apartment_ranges, 1) if first <= flat <= last), None
        )


@dataclass(frozen=True)
class Houses:
    """All houses, independent of their source."""

    all: tuple[House, ...] = field(repr=False)

    @cached_property
    def streets(self) -> Mapping[tuple[str, str], tuple[House, ...]]:
        """(settlement, street) -> the houses of that street, in list order."""
        streets: dict[tuple[str, str], tuple[House, ...]] = {}
        for house in self.all:
            place = (house.settlement, house.street)
            streets[place] = (*streets.get(place, ()), house)
        return streets


def read_houses(file: Path) -> tuple[Houses, list[Problem]]:
    """Reads `houses.csv`: a header line with column names, then one line per house.

    Fields are separated by `;`, or by `,` or a tab where the header has those instead: a spreadsheet saves any of them.
    Lines that begin with `#` are comments. Invalid lines give no house. Returns the houses and all problems:
    HSE001-HSE004 for the file, HSE020-HSE034 for its lines.
    """
    findings = FileProblems(file, "HSE")
    text = read_text(findings)
    if text is None:
        return Houses(()), findings.problems
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip() and line[0] != "#"]
    if not lines:
        findings.add(20, "файл пуст; нужна строка с названиями столбцов и по строке на дом")
        return Houses(()), findings.problems
    delimiter = next((one for one in _DELIMITERS if one in lines[0][1]), _DELIMITERS[0])
    rows = [(number, next(csv.reader([line], delimiter=delimiter))) for number, line in lines]
    number, head = rows[0]
    if not _check_head(findings, number, head):
        return Houses(()), findings.problems
    return _read_rows(findings, head, rows[1:]), findings.problems


def _check_head(findings: FileProblems, number: int, head: list[str]) -> bool:
    names = [name.strip() for name in head]
    if unknown := [name for name in names if name not in COLUMNS]:
        findings.add(22, f"неизвестный столбец «{unknown[0]}»; бывают: {', '.join(COLUMNS)}", number)
    elif missing := [name for name in ("street", "house") if name not in names]:
        findings.add(23, f"нет столбца «{missing[0]}»", number)
    elif len(set(names)) < len(names):
        findings.add(24, "столбец назван дважды", number)
    else:
        return True
    return False


def _read_rows(findings: FileProblems, head: list[str], rows: Iterable[tuple[int, list[str]]]) -> Houses:
    houses: dict[tuple[str, ...], tuple[int, House]] = {}
    for number, fields in rows:
        if len(fields) != len(head):
            findings.add(
                25,
                f"полей {len(fields)}, а столбцов {len(head)}; поле, где есть разделитель, возьмите в кавычки",
                number,
            )
            continue
        row = {name.strip(): " ".join(field.split()) for name, field in zip(head, fields, strict=True)}
        before = len(findings.problems)
        house = read_house(row, _make_fault_reporter(findings, number, head, fields))
        key = (house.settlement, house.street, house.house, house.building, house.structure, house.letter)
        if key in houses:
            findings.add(26, f"такой дом уже есть в строке {houses[key][0]}; оставьте один", number)
        elif len(findings.problems) == before:
            houses[key] = (number, house)
    if not houses and not findings.problems:
        findings.add(20, "в файле нет ни одного дома")
    return Houses(tuple(house for _, house in houses.values()))


def _make_fault_reporter(
    findings: FileProblems, number: int, head: Sequence[str], fields: Sequence[str]
) -> Callable[[int, str, str], None]:
    """Returns a function that reports a fault of a field at its column in the line."""
    starts = accumulate((len(field) + 1 for field in fields), initial=1)
    columns = dict(zip((name.strip() for name in head), starts, strict=False))

    def fault(code: int, name: str, message: str) -> None:
        findings.add(code, f"«{name}»: {message}", YamlNode("", number, columns.get(name, 1)))

    return fault


def read_house(row: Mapping[str, str], report_fault: Callable[[int, str, str], None]) -> House:
    """Builds a house from the fields `row` (column name -> text), from a file or a table.

    Calls `report_fault(code, column name, message)` for each fault; the house returned is then not valid.
    """

    def match(name: str, pattern: re.Pattern[str], code: int, needed: str) -> str:
        value = row.get(name, "")
        if value and not pattern.fullmatch(value):
            report_fault(code, name, f"«{value}» не подходит; {needed}")
        return value

    for name, value in row.items():
        for word in find_mixed_words(value):
            report_fault(27, name, f"в слове «{word}» смешаны русские и латинские буквы; наберите его заново")
    street = row.get("street", "")
    if not any(kind in street.lower().split() for kind in STREET_TYPES):
        kinds = ", ".join(STREET_TYPES)
        report_fault(28, "street", f"«{street}»: назовите и вид улицы, например «проспект Энгельса»: {kinds}")
    if not row.get("house"):
        report_fault(29, "house", "нет номера дома")
    return House(
        settlement=row.get("settlement", ""),
        street=street,
        house=match("house", _HOUSE, 30, "нужно число, например 139 или 12/14; корпус и литера — в своих столбцах"),
        building=match("building", _SMALL_NUMBER, 31, "нужен номер корпуса числом"),
        structure=match("structure", _SMALL_NUMBER, 31, "нужен номер строения числом"),
        letter=match("letter", _LETTER, 32, "нужна одна заглавная русская буква"),
        complex=row.get("complex", ""),
        aliases=tuple(name.strip() for name in row.get("also", "").split("|") if name.strip()),
        entrances=_parse_count(match("entrances", _SMALL_NUMBER, 31, "нужно число парадных")),
        floors=_parse_count(match("floors", _SMALL_NUMBER, 31, "нужно число этажей")),
        apartment_ranges=_read_apartment_ranges(row, report_fault),
    )


def _parse_count(value: str) -> int | None:
    return int(value) if _SMALL_NUMBER.fullmatch(value) else None


def _read_apartment_ranges(
    row: Mapping[str, str], fault: Callable[[int, str, str], None]
) -> tuple[tuple[int, int], ...]:
    flats: list[tuple[int, int]] = []
    for part in row.get("flats", "").split():
        found = _RANGE.fullmatch(part)
        if found is None or int(found[1]) > int(found[2]):
            fault(33, "flats", f"«{part}» не подходит; нужно «1-36 37-72»: квартиры каждой парадной по порядку")
            return ()
        flats.append((int(found[1]), int(found[2])))
    entrances = _parse_count(row.get("entrances", ""))
    if len(flats) > 1 and entrances is not None and entrances != len(flats):
        message = f"диапазонов {len(flats)}, а парадных {entrances}; дайте по одному на парадную или один общий"
        fault(34, "flats", message)
    return tuple(flats)

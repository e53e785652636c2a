"""Known outages and planned works, read from `knowledge_base/outages.yaml`.

A caller who reports a trouble that an outage explains is told the cause before a ticket is registered
(ПП РФ 354, п. 107).
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from callcenter.core.problems import Problem
from callcenter.houses.houses import House, Houses
from callcenter.knowledge.yaml_reader import FileProblems, MappingReader, read_text, read_yaml

ALL_HOUSES = "все"
_KEYS = ("id", "houses", "categories", "reason", "who", "since", "expected", "until")
_MOMENT = "%Y-%m-%d %H:%M"
_NUMBERS = (("house", r"(?:дом )?(\d+(?:/\d+)?)"), ("building", r"корпус (\d+)"), ("structure", r"строение (\d+)"),
            ("letter", r"литера ([А-Я])"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outage:
    """A known cause of troubles. It is told from `since` (inclusive) to `until` (exclusive)."""

    id: str
    houses: frozenset[House]
    """Empty: all houses."""
    categories: frozenset[str]
    """Codes of the trouble categories that the outage explains."""
    reason: str
    who: str
    """Who carries out the repair."""
    since: datetime
    expected: datetime | None
    """Expected end; None: unknown."""
    until: datetime

    def explains(self, house: House, category: str, *, now: datetime) -> bool:
        """Whether the outage is in force at `now` and explains a trouble of `category` in `house`."""
        here = not self.houses or house in self.houses
        return here and category in self.categories and self.since <= now < self.until


@dataclass(frozen=True, slots=True)
class Outages:
    """All outages in the order of the file."""

    all: tuple[Outage, ...] = ()

    def find(self, house: House, categories: Collection[str], *, now: datetime) -> Outage | None:
        """Returns the first outage that explains one of `categories` in `house`, or None."""
        return next((one for one in self.all for code in categories if one.explains(house, code, now=now)), None)


def read_outages(
    file: Path, houses: Houses, *, categories: Collection[str], zone: ZoneInfo
) -> tuple[Outages, list[Problem]]:
    """Reads `file`. Returns the outages and the problems found (OUT001-OUT034). A missing file means no outages."""
    findings = FileProblems(file, "OUT")
    if not file.exists():
        return Outages(), []
    text = read_text(findings)
    document = None if text is None else read_yaml(findings, text)
    if document is None:
        return Outages(), findings.problems
    top = MappingReader(findings, document, known=("outages",))
    read = [
        _read(MappingReader(findings, node, known=_KEYS), houses, categories, zone)
        for node in top.read_items("outages")
    ]
    outages = tuple(outage for outage in read if outage is not None)
    seen: set[str] = set()
    for outage in outages:
        if outage.id in seen:
            findings.add(30, f"id «{outage.id}» стоит дважды")
        seen.add(outage.id)
    return Outages(outages), findings.problems


def _read(sheet: MappingReader, houses: Houses, categories: Collection[str], zone: ZoneInfo) -> Outage | None:
    findings = sheet.findings
    before = len(findings.problems)
    id_, reason, who = sheet.read_string("id"), sheet.read_string("reason"), sheet.read_string("who")
    since, until = _moment(sheet, "since", zone), _moment(sheet, "until", zone)
    expected = _moment(sheet, "expected", zone, required=False)
    codes = sheet.read_strings("categories")
    for code in codes:
        if code not in categories:
            findings.add(31, f"нет категории «{code}»", sheet.values["categories"])
    node = sheet.values.get("houses")
    found: list[House] = []
    if node is not None and isinstance(node.value, str):
        if sheet.read_string("houses") != ALL_HOUSES:
            findings.add(32, f"«houses»: пишите «{ALL_HOUSES}» или список домов", node)
    else:
        for name in sheet.read_strings("houses"):
            fitting = list(_find_houses(name, houses))
            if not fitting:
                findings.add(
                    33, f"дома «{name}» нет в houses.csv; пишите «проспект Энгельса, 139, корпус 1»", node or 0
                )
            found += fitting
    if since is not None and until is not None and until <= since:
        findings.add(34, "«until» не позже, чем «since»", sheet.values["until"])
    if len(findings.problems) > before or since is None or until is None:
        return None
    return Outage(id_, frozenset(found), frozenset(codes), reason, who, since, expected, until)


def _find_houses(name: str, houses: Houses) -> Iterator[House]:
    """Yields the houses that match every named part: «проспект Энгельса, 139» matches all buildings of that house."""
    pieces = [piece.strip() for piece in name.split(",")]
    settlements = {house.settlement for house in houses.all if house.settlement}
    wanted = {"settlement": pieces.pop(0) if pieces[0] in settlements else ""}
    wanted["street"] = pieces.pop(0) if pieces else ""
    for piece in pieces:
        part = next(((part, match[1]) for part, form in _NUMBERS if (match := re.fullmatch(form, piece))), None)
        if part is None:
            return
        wanted[part[0]] = part[1]
    yield from (house for house in houses.all if all(getattr(house, key) == value for key, value in wanted.items()))


def _moment(sheet: MappingReader, name: str, zone: ZoneInfo, *, required: bool = True) -> datetime | None:
    text = sheet.read_string(name, required=required)
    if not text:
        return None
    try:
        return datetime.strptime(text, _MOMENT).replace(tzinfo=zone)
    except ValueError:
        message = f"«{name}»: «{text}» не дата и время; пишите год-месяц-день час:минута, например 2026-11-25 18:00"
        sheet.findings.add(12, message, sheet.values[name])
        return None

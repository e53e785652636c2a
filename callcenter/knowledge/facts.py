"""Company facts and statutory figures: small data files in which every value names its source and its dates."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from callcenter.core.errors import CallcenterError
from callcenter.core.problems import Problem
from callcenter.knowledge.yaml_reader import FileProblems, MappingReader, YamlNode, read_text, read_yaml

_FACT_KEYS = ("value", "source", "valid_until")
_LEGAL_VALUE_KEYS = ("value", "unit", "meaning", "basis", "mark", "valid_from")
_UNITS = ("minutes", "days", "working_days", "years")


class FigureNotFound(CallcenterError):
    """No statutory figure of that name is in force on that day."""


@dataclass(frozen=True, slots=True)
class CompanyFact:
    """One fact of the company: hours, an address, a telephone."""

    name: str
    value: str
    """Empty: not known yet."""
    source: str
    valid_until: date | None
    line: int


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """All facts of the company, as read from the file."""

    facts: tuple[CompanyFact, ...]
    file: Path

    def list_valid_facts(self, day: date) -> Mapping[str, str]:
        """Returns the facts that have a value and have not expired on `day`: name -> value."""
        return {
            fact.name: fact.value
            for fact in self.facts
            if fact.value and (fact.valid_until is None or fact.valid_until >= day)
        }

    def find_unspoken_facts(self, on: date) -> list[Problem]:
        """Returns a non-fatal problem for each fact that is empty (COM101) or expired (COM102) on the day `on`."""
        findings = FileProblems(self.file, "COM")
        for fact in self.facts:
            if not fact.value:
                findings.add(
                    101, f"{fact.name}: значение не заполнено; ответы с ним не произносятся", fact.line, fatal=False
                )
            elif fact.valid_until is not None and fact.valid_until < on:
                message = f"{fact.name}: срок истёк {fact.valid_until}; проверьте значение и продлите valid_until"
                findings.add(102, message, fact.line, fatal=False)
        return findings.problems


@dataclass(frozen=True, slots=True)
class LegalFigure:
    """One version of a statutory figure, in force from `valid_from` until the next version of the same name."""

    name: str
    value: int
    unit: str
    meaning: str
    basis: str
    source_status: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class Law:
    """All versions of all statutory figures."""

    values: tuple[LegalFigure, ...]

    def find_value(self, name: str, on: date) -> LegalFigure:
        """Returns the version in force on the day `on`. Raises FigureNotFound when there is none."""
        in_force = [figure for figure in self.values if figure.name == name and figure.valid_from <= on]
        if not in_force:
            raise FigureNotFound(f"law.yaml holds no «{name}» in force on {on}")
        return max(in_force, key=lambda figure: figure.valid_from)


def read_company(file: Path) -> tuple[CompanyFacts, list[Problem]]:
    """Reads `company.yaml`: a mapping `facts` of NAME -> value, source, valid_until.

    Returns the facts and all problems.
    """
    findings = FileProblems(file, "COM")
    text = read_text(findings)
    document = None if text is None else read_yaml(findings, text)
    facts = []
    if document is not None:
        top = MappingReader(findings, document, known=("facts",))
        for name, node in _list_entries(top, "facts"):
            sheet = MappingReader(findings, node, known=_FACT_KEYS)
            value = sheet.read_string("value", required=False)
            if re.search(r"[{}]", value):
                findings.add(21, f"{name}: в значении фигурная скобка; факт не подставляет другие факты", node)
            facts.append(
                CompanyFact(name, value, sheet.read_string("source"), sheet.read_date("valid_until"), node.line)
            )
    elif not findings.problems:
        findings.add(20, "файл пуст; нужен ключ «facts»")
    return CompanyFacts(tuple(facts), file), findings.problems


def read_law(file: Path) -> tuple[Law, list[Problem]]:
    """Reads `law.yaml`: a mapping `figures` of NAME -> `versions`, a list with the day from which each is in force.

    Returns the figures and all problems.
    """
    findings = FileProblems(file, "LAW")
    text = read_text(findings)
    document = None if text is None else read_yaml(findings, text)
    figures = []
    if document is not None:
        top = MappingReader(findings, document, known=("figures",))
        for name, versions in _list_entries(top, "figures"):
            holder = MappingReader(findings, versions, known=("versions",))
            if "versions" not in holder.values:
                findings.add(9, f"{name}: нет ключа «versions»", versions)
            for node in holder.read_items("versions"):
                sheet = MappingReader(findings, node, known=_LEGAL_VALUE_KEYS)
                value, since = sheet.read_number("value", required=True), sheet.read_date("valid_from", required=True)
                unit, meaning, basis = (
                    sheet.read_choice("unit", _UNITS),
                    sheet.read_string("meaning"),
                    sheet.read_string("basis"),
                )
                mark = sheet.read_string("mark", required=False)
                if value is not None and since is not None and unit:
                    figures.append(LegalFigure(name, value, unit, meaning, basis, mark, since))
    elif not findings.problems:
        findings.add(20, "файл пуст; нужен ключ «figures»")
    return Law(tuple(figures)), findings.problems


def _list_entries(sheet: MappingReader, name: str) -> list[tuple[str, YamlNode]]:
    node = sheet.values.get(name)
    if node is None:
        sheet.findings.add(9, f"нет ключа «{name}»", sheet.node)
        return []
    known = list(node.value) if isinstance(node.value, dict) else []
    entries = list(MappingReader(sheet.findings, node, known=known).values.items())
    for entry, below in entries:
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", entry):
            message = f"имя «{entry}»: нужны заглавные латинские буквы, цифры и «_», например PASSPORT_HOURS"
            sheet.findings.add(22, message, below)
    return entries

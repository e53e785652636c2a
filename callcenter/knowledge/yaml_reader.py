"""Reads YAML files written by people: checked text, then YAML nodes with positions, so that every fault has a line.

Scalars stay text («007», «0», «да»). Duplicate keys and words that mix Russian and Latin letters are faults.
"""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import yaml

from callcenter.core.problems import FileLocation, Problem

_BOM = b"\xef\xbb\xbf"
_MIXED_SCRIPT_WORD = re.compile(r"\b(?=\w*[а-яё])(?=\w*[a-z])[а-яёa-z]+\b", re.IGNORECASE)


@dataclass(slots=True)
class FileProblems:
    """Collects the problems of one file. `code_prefix`: the prefix of their codes, e.g. KB, CAT, COM, LAW."""

    file: Path
    code_prefix: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, number: int, message: str, at: "YamlNode | int" = 0, *, fatal: bool = True) -> None:
        """Adds a problem at a node or line (0: the whole file). Its code is the prefix and the three-digit number."""
        place = FileLocation(self.file, at) if isinstance(at, int) else FileLocation(self.file, at.line, at.column)
        self.problems.append(Problem(place, f"{self.code_prefix}{number:03d}", message, fatal))


@dataclass(frozen=True, slots=True)
class YamlNode:
    """One YAML value and its start; line and column count from 1."""

    value: "str | tuple[YamlNode, ...] | dict[str, YamlNode]"
    line: int
    column: int
    key_positions: "dict[str, tuple[int, int]]" = field(default_factory=dict)
    """For a mapping: key -> its line and column."""


def read_text(findings: FileProblems) -> str | None:
    """Returns the text of the file. None, with a problem (001-004), if unreadable, with a BOM, no UTF-8 or no NFC."""
    try:
        raw = findings.file.read_bytes()
    except OSError as error:
        findings.add(1, f"файл не читается: {error.strerror or error}")
        return None
    if raw.startswith(_BOM):
        findings.add(2, "в начале файла стоит метка BOM; сохраните файл как «UTF-8 без BOM»", 1)
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        findings.add(3, "файл не в кодировке UTF-8 (похоже на Windows-1251); пересохраните его в UTF-8", line)
        return None
    if not unicodedata.is_normalized("NFC", text):
        for number, line_text in enumerate(text.splitlines(), start=1):
            if not unicodedata.is_normalized("NFC", line_text):
                findings.add(
                    4, "буква «й» или «ё» составлена из двух знаков; наберите её заново (нужна форма NFC)", number
                )
                break
        return None
    return text


def read_yaml(findings: FileProblems, text: str, *, first_line: int = 1) -> YamlNode | None:
    """Parses `text` into nodes, lines counted from `first_line`. None if empty or, with a problem (005), no YAML."""
    try:
        document = yaml.compose(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        message = "разметка YAML здесь нарушена; проверьте отступы, кавычки, скобки и двоеточия"
        findings.add(5, message, first_line + (mark.line if mark else 0))
        return None
    return None if document is None else _convert_node(findings, document, first_line, set())


def _convert_node(findings: FileProblems, node: yaml.Node, first_line: int, seen: set[int]) -> YamlNode:
    line, column = node.start_mark.line + first_line, node.start_mark.column + 1
    if id(node) in seen:  # an alias may refer to itself or expand endlessly
        findings.add(5, "ссылки YAML (& и *) здесь не читаются; повторите текст", line)
        return YamlNode("", line, column)
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        values: dict[str, YamlNode] = {}
        places: dict[str, tuple[int, int]] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            at = key.start_mark.line + first_line
            if name in values:
                findings.add(6, f"ключ «{name}» стоит второй раз; оставьте один", at)
                continue
            values[name] = _convert_node(findings, value, first_line, seen)
            places[name] = (at, key.start_mark.column + 1)
        return YamlNode(values, line, column, places)
    if isinstance(node, yaml.SequenceNode):
        return YamlNode(tuple(_convert_node(findings, item, first_line, seen) for item in node.value), line, column)
    return YamlNode(str(node.value), line, column)


class MappingReader:
    """Reads the values of a mapping. Reports unknown keys at once (008), missing ones when they are read (009)."""

    def __init__(self, findings: FileProblems, node: YamlNode, *, known: Collection[str]) -> None:
        self.findings = findings
        self.node = node
        self.values: dict[str, YamlNode] = node.value if isinstance(node.value, dict) else {}
        self._is_table = isinstance(node.value, dict)
        if not self._is_table:
            findings.add(7, "здесь нужны строки вида «ключ: значение»", node)
        for name in self.values:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = f"; может быть, «{close[0]}»?" if close else f"; бывают: {', '.join(known)}"
                line, _ = node.key_positions[name]
                findings.add(8, f"неизвестный ключ «{name}»{hint}", line)

    def read_string(self, name: str, *, required: bool = True) -> str:
        """Returns the text of key `name` with single spaces; empty if missing (a problem if `required`) or no text."""
        node = self.values.get(name)
        if node is None:
            self._report_missing(name, required=required)
            return ""
        if not isinstance(node.value, str):
            self.findings.add(10, f"«{name}»: нужен текст", node)
            return ""
        value = re.sub(r"\s+", " ", node.value).strip()
        if required and not value:
            self.findings.add(9, f"ключ «{name}» пуст", node)
        for word in find_mixed_words(value):
            self.findings.add(11, f"в слове «{word}» смешаны русские и латинские буквы; наберите его заново", node)
        return value

    def read_strings(self, name: str, *, required: bool = True) -> tuple[str, ...]:
        """Returns the texts of the list under key `name`; empty if missing (a problem if `required`) or no list."""
        node = self.values.get(name)
        if node is None:
            self._report_missing(name, required=required)
            return ()
        if not isinstance(node.value, tuple):
            self.findings.add(10, f"«{name}»: нужен список, каждая строка с «- »", node)
            return ()
        texts = []
        for item in node.value:
            if isinstance(item.value, str) and item.value.strip():
                texts.append(item.value.strip())
                for word in find_mixed_words(item.value):
                    self.findings.add(11, f"в слове «{word}» смешаны русские и латинские буквы", item)
            else:
                self.findings.add(10, f"«{name}»: в списке нужен текст", item)
        return tuple(texts)

    def read_date(self, name: str, *, required: bool = False) -> date | None:
        """Returns the date of key `name`, written as 2026-11-24; None if missing or, with a problem, no date."""
        node = self.values.get(name)
        value = self.read_string(name, required=required)
        if not value or node is None:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.findings.add(12, f"«{name}»: «{value}» не дата; пишите год-месяц-день, например 2026-11-24", node)
            return None

    def read_number(self, name: str, *, required: bool = False, least: int = 1, most: int = 10**6) -> int | None:
        """Returns the whole number of key `name`; None if missing or, with a problem, not in `least`..`most`."""
        node = self.values.get(name)
        value = self.read_string(name, required=required)
        if not value or node is None:
            return None
        if not re.fullmatch(r"[0-9]+", value) or not least <= int(value) <= most:
            self.findings.add(13, f"«{name}»: «{value}» не подходит; нужно целое число от {least} до {most}", node)
            return None
        return int(value)

    def read_choice(self, name: str, words: Collection[str]) -> str:
        """Returns the value of key `name`, one of `words`; otherwise reports a problem and returns an empty text."""
        value = self.read_string(name)
        if value and value not in words:
            close = difflib.get_close_matches(value, words, n=1)
            hint = f"; может быть, «{close[0]}»?" if close else ""
            self.findings.add(
                14, f"«{name}»: нет такого значения «{value}»{hint}; бывают: {', '.join(words)}", self.values[name]
            )
            return ""
        return value

    def is_true(self, name: str) -> bool:
        """Returns True if key `name` is present and its value is «true»."""
        return name in self.values and self.read_choice(name, ("true", "false")) == "true"

    def _report_missing(self, name: str, *, required: bool) -> None:
        if required and self._is_table:  # a node that is no mapping was reported once; not again for each key
            self.findings.add(9, f"нет ключа «{name}»", self.node)

    def read_items(self, name: str) -> Iterator[YamlNode]:
        """Yields the nodes of the list under key `name`; nothing if it is missing or, with a problem, no list."""
        node = self.values.get(name)
        if node is None:
            return
        if isinstance(node.value, tuple):
            yield from node.value
        else:
            self.findings.add(10, f"«{name}»: нужен список, каждая строка с «- »", node)


def find_mixed_words(text: str) -> list[str]:
    """Returns the words that mix Russian and Latin letters. «cтол» with a Latin «c» looks right but is never found."""
    return _MIXED_SCRIPT_WORD.findall(text)

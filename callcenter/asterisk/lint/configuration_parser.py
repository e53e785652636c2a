"""Parses configuration files as Asterisk does: sections, templates, comments, entries.

`#include` and `#exec` are problems, because their content would escape the lint.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from callcenter.core.problems import FileLocation, Problem


@dataclass(frozen=True, slots=True)
class ConfigurationEntry:
    """`key = value` or `key => value`, with its line number."""

    key: str
    value: str
    line: int


@dataclass(slots=True)
class Section:
    """`[name](parents)` with its entries, the inherited ones first. Asterisk does not use a template as a section."""

    file: str
    name: str
    line: int
    template: bool = False
    entries: list[ConfigurationEntry] = field(default_factory=list)

    def all(self, key: str) -> list[ConfigurationEntry]:
        return [entry for entry in self.entries if entry.key == key]

    def value(self, key: str, default: str = "") -> str:
        """The value of the last entry with the key."""
        return next((entry.value for entry in reversed(self.entries) if entry.key == key), default)

    def line_of(self, key: str) -> int:
        return next((entry.line for entry in reversed(self.entries) if entry.key == key), self.line)

    def words(self, key: str) -> list[str]:
        """The comma-separated words of the last entry with the key."""
        return [word.strip() for word in self.value(key).split(",") if word.strip()]

    def problem(self, code: str, message: str, *, key: str = "", line: int = 0) -> Problem:
        return Problem(FileLocation(Path(self.file), line or self.line_of(key)), code, message)


@dataclass(frozen=True, slots=True)
class Configuration:
    """The sections of all configuration files by file name. A missing file has no sections."""

    sections: Mapping[str, list[Section]]

    def of(self, file: str) -> list[Section]:
        return self.sections.get(file, [])

    def one(self, file: str, name: str) -> Section:
        """The first section with the name, else an empty one at line 1."""
        return next((one for one in self.of(file) if one.name == name), Section(file, name, 1))

    def typed(self, kind: str) -> list[Section]:
        """The sections of pjsip.conf whose `type` is `kind`, without templates."""
        return [one for one in self.of("pjsip.conf") if not one.template and one.value("type") == kind]


def read_configuration(files: Mapping[str, str]) -> tuple[Configuration, list[Problem]]:
    """Parses the files (text by file name); returns the sections and the problems of unreadable lines."""
    problems: list[Problem] = []
    sections = {}
    for name, text in files.items():
        sections[name], found = _read(name, text)
        problems += found
    return Configuration(sections), problems


def _read(file: str, text: str) -> tuple[list[Section], list[Problem]]:
    sections: list[Section] = []
    problems: list[Problem] = []
    for number, line in _statements(text):
        place = FileLocation(Path(file), number)
        if line.startswith("#"):
            message = f"«{line}»: чужой файл никто не проверит; перенесите содержимое сюда"
            problems.append(Problem(place, "AST001", message))
        elif line.startswith("["):
            name, _, rest = line[1:].partition("]")
            _open(sections, file, name, [word.strip() for word in rest.strip().strip("()").split(",")], number)
        elif sections and "=" in line:
            key, _, value = line.partition("=")
            sections[-1].entries.append(ConfigurationEntry(key.strip(), value.removeprefix(">").strip(), number))
        else:
            message = f"«{line}» не читается; строка выглядит так: имя = значение, и перед ней стоит [раздел]"
            problems.append(Problem(place, "AST002", message))
    return sections, problems


def _open(sections: list[Section], file: str, name: str, words: list[str], line: int) -> None:
    if "+" in words:
        for at, one in enumerate(sections):
            if one.name == name:  # the entries that follow extend the existing section
                sections.append(sections.pop(at))
                return
    fresh = Section(file, name, line, template="!" in words)
    for parent in words:
        fresh.entries += next((one.entries for one in sections if one.name == parent and one.template), [])
    sections.append(fresh)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yields the non-empty lines with their numbers, without comments."""
    inside = False
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw
        if inside:
            _, end, line = line.partition("--;")
            inside = not end
        before, begin, after = line.partition(";--")
        if begin and not after.startswith("-"):
            inside = "--;" not in after
            line = before + after.partition("--;")[2]
        line = _without_comment(line).strip()
        if line:
            yield number, line


def _without_comment(line: str) -> str:
    for at, sign in enumerate(line):
        if sign == ";" and (at == 0 or line[at - 1] != "\\"):
            return line[:at]
    return line

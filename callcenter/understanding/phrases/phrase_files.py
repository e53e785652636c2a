"""Reads the phrase files `knowledge_base/phrases/*.yaml` and the test files beside them (`*.tests.yaml`).

    words:
      лифт: (лифт|подъёмник)
    phrases:
      LIFT_FAULT:
        sure: |
          <лифт> не работает
        hint: |
          <лифт>
        against: |
          кнопка домофона

One phrase a line; a line that begins with `#` is a comment. `words.yaml` defines words for all files. `notation.py`
describes the notation of a phrase, docs/understanding.md the test files.
"""

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from callcenter.core.problems import FileLocation, Problem
from callcenter.knowledge.yaml_reader import FileProblems, YamlNode, find_mixed_words, read_text, read_yaml
from callcenter.understanding.phrases.notation import BrokenPhrase, DefinedWords, Together, UnknownName, read_phrase

CODE_PREFIX = "PHR"
SURE, HINT, AGAINST = "sure", "hint", "against"
TESTS = ".tests.yaml"
_COMMENT = "#"


@dataclass(frozen=True, slots=True)
class WrittenPhrase:
    """One phrase: its source text, its place in the file, and the parsed pattern."""

    source: str
    position: FileLocation
    pattern: Together


@dataclass(frozen=True, slots=True)
class PhraseEntry:
    """The content of one key: phrases by section, and text attributes such as an article's category."""

    key: str
    position: FileLocation
    sections: Mapping[str, tuple[WrittenPhrase, ...]]
    attributes: Mapping[str, str] = field(default_factory=dict)

    def phrases(self, section: str) -> tuple[WrittenPhrase, ...]:
        return self.sections.get(section, ())


@dataclass(frozen=True, slots=True)
class PhraseTest:
    """One line of a test file: a caller's line and the key it must be understood as."""

    text: str
    expected_key: str
    position: FileLocation


class PhraseReader:
    """Reads the phrase files of one directory and collects their faults in `problems`; no fault is raised."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.problems: list[Problem] = []
        self._words: dict[str, str] = {}
        self._word_places: dict[str, FileLocation] = {}
        self._names = DefinedWords({})
        self._read_common_words()

    def read(
        self, name: str, *, sections: Collection[str] = (SURE, HINT, AGAINST), attributes: Collection[str] = ()
    ) -> tuple[PhraseEntry, ...]:
        """The entries of `<name>.yaml`. `sections` are the keys that hold phrases, `attributes` the keys that hold
        text."""
        findings, text, tables = self._open(f"{name}.yaml", known=("words", "phrases"))
        words = _WordDefinitions(findings, text, tables.get("words"))
        names = DefinedWords({**self._words, **words.sources}) if words.sources else self._names
        entries = []
        for key, node in _iterate_table(findings, tables.get("phrases")):
            entries.append(_EntryReader(findings, text, names, sections, attributes).read(key, node))
        self._note_used(names)
        words.report_unused(names)
        self.problems += findings.problems
        return tuple(entries)

    def read_test_cases(self, name: str) -> tuple[PhraseTest, ...]:
        """The test lines of `<name>.tests.yaml`, which maps each key to a block of lines."""
        findings = FileProblems(self.directory / f"{name}{TESTS}", CODE_PREFIX)
        text = read_text(findings)
        document = None if text is None else read_yaml(findings, text)
        sayings = [
            PhraseTest(line, key, place)
            for key, node in (_iterate_table(findings, document) if text is not None else ())
            for line, place in _iterate_lines(findings, text or "", node)
        ]
        self.problems += findings.problems
        return tuple(sayings)

    def report_unused_words(self) -> None:
        """Reports the words of `words.yaml` that no phrase uses. Call it after the last `read`."""
        for name, place in self._word_places.items():
            if name not in self._names.used_names:
                message = f"слово «{name}» нигде не используется; уберите его или вставьте <{name}>"
                self.problems.append(Problem(place, f"{CODE_PREFIX}106", message, fatal=False))

    def _read_common_words(self) -> None:
        findings, text, tables = self._open("words.yaml", known=("words",))
        words = _WordDefinitions(findings, text, tables.get("words"))
        self._words, self._word_places = words.sources, words.places
        self._names = DefinedWords(self._words)
        for name, place in words.places.items():
            _parse_or_report(findings, f"<{name}>", place, self._names)
        self._names.used_names.clear()
        for source in self._words.values():
            for name in self._words:
                if f"<{name}>" in source:
                    self._names.used_names.add(name)
        self.problems += findings.problems

    def _note_used(self, names: DefinedWords) -> None:
        self._names.used_names |= names.used_names

    def _open(self, file: str, *, known: Collection[str]) -> tuple[FileProblems, str, dict[str, YamlNode]]:
        findings = FileProblems(self.directory / file, CODE_PREFIX)
        text = read_text(findings)
        document = None if text is None else read_yaml(findings, text)
        tables: dict[str, YamlNode] = {}
        for key, node in _iterate_table(findings, document) if text is not None else ():
            if key in known:
                tables[key] = node
            else:
                findings.add(8, f"неизвестный ключ «{key}»; бывают: {', '.join(known)}", node)
        return findings, text or "", tables


@dataclass(frozen=True, slots=True)
class _EntryReader:
    """Reads the entries of one phrase file."""

    findings: FileProblems
    text: str
    names: DefinedWords
    sections: Collection[str]
    notes: Collection[str]

    def read(self, key: str, node: YamlNode) -> PhraseEntry:
        found: dict[str, tuple[WrittenPhrase, ...]] = {}
        texts: dict[str, str] = {}
        seen: dict[str, int] = {}
        for name, value in _iterate_table(self.findings, node):
            if name in self.notes and isinstance(value.value, str):
                texts[name] = value.value.strip()
            elif name in self.sections:
                found[name] = tuple(self._phrases(value, seen))
            else:
                known = [*self.sections, *self.notes]
                self.findings.add(8, f"{key}: неизвестный ключ «{name}»; бывают: {', '.join(known)}", value)
        return PhraseEntry(key, FileLocation(self.findings.file, node.line, node.column), found, texts)

    def _phrases(self, node: YamlNode, seen: dict[str, int]) -> Iterator[WrittenPhrase]:
        for source, place in _iterate_lines(self.findings, self.text, node):
            if source in seen:
                message = f"фраза «{source}» уже есть в строке {seen[source]}; оставьте одну"
                self.findings.problems.append(Problem(place, f"{CODE_PREFIX}104", message))
                continue
            seen[source] = place.line
            item = _parse_or_report(self.findings, source, place, self.names)
            if item is not None:
                yield WrittenPhrase(source, place, item)


def _parse_or_report(findings: FileProblems, source: str, place: FileLocation, names: DefinedWords) -> Together | None:
    """The parsed phrase; None with a problem added when it cannot be parsed."""
    try:
        return read_phrase(source, names)
    except UnknownName as error:
        close = difflib.get_close_matches(error.name, list(names.sources), n=1)
        hint = f"; может быть, <{close[0]}>?" if close else "; добавьте его в «words»"
        code, message, column = "102", f"{error}{hint}", error.column
    except BrokenPhrase as error:
        code, message, column = "101", f"фраза «{source}» не читается: {error}", error.column
    findings.problems.append(
        Problem(FileLocation(place.file, place.line, place.column + column), f"{CODE_PREFIX}{code}", message)
    )
    return None


class _WordDefinitions:
    """The `words` table of one file: names and their definitions."""

    def __init__(self, findings: FileProblems, text: str, node: YamlNode | None) -> None:
        self._findings = findings
        self.sources: dict[str, str] = {}
        self.places: dict[str, FileLocation] = {}
        for name, value in _iterate_table(findings, node) if node is not None else ():
            lines = [line for line, _ in _iterate_lines(findings, text, value)]
            self.sources[name] = f"({'|'.join(lines)})" if len(lines) > 1 else (lines or [""])[0]
            self.places[name] = FileLocation(findings.file, value.line, value.column)

    def report_unused(self, names: DefinedWords) -> None:
        for name, place in self.places.items():
            if name not in names.used_names:
                message = f"слово «{name}» нигде не используется; уберите его или вставьте <{name}>"
                self._findings.problems.append(Problem(place, f"{CODE_PREFIX}106", message, fatal=False))


def _iterate_table(findings: FileProblems, node: YamlNode | None) -> Iterator[tuple[str, YamlNode]]:
    if node is None:
        findings.add(9, "здесь пусто; нужны строки вида «ключ: значение»")
    elif not isinstance(node.value, dict):
        findings.add(7, "здесь нужны строки вида «ключ: значение»", node)
    else:
        yield from node.value.items()


def _iterate_lines(findings: FileProblems, text: str, node: YamlNode) -> Iterator[tuple[str, FileLocation]]:
    """The lines of a block scalar (`|`), or the one line of a plain scalar, with their places; comments are skipped."""
    if not isinstance(node.value, str):
        findings.add(10, "здесь нужен текст: «|» и фразы, по одной в строке", node)
        return
    rows = text.splitlines()
    if not rows[node.line - 1][node.column - 1 :].startswith("|"):
        if source := " ".join(node.value.split()):
            yield source, FileLocation(findings.file, node.line, node.column)
        return
    for at in range(node.line, node.line + len(node.value.splitlines())):
        source = rows[at].strip() if at < len(rows) else ""
        if not source or source.startswith(_COMMENT):
            continue
        place = FileLocation(findings.file, at + 1, rows[at].index(source[0]) + 1)
        for word in find_mixed_words(source):
            message = f"в слове «{word}» смешаны русские и латинские буквы; наберите его заново"
            findings.problems.append(Problem(place, f"{CODE_PREFIX}011", message))
        yield source, place

"""Reads a YAML file written by a person into nodes with positions, so that every problem names its line and column.

Scalars stay text: «007», «0» and «да» are not converted. The strict checks cover what text editors do to Russian: a
byte order mark, Windows-1251, letters composed of two code points, and Latin letters that look Cyrillic. Such a mistake
is reported and, where possible, corrected in memory, so that it does not hide other mistakes.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from callcenter.core.problems import FileLocation, Problem

_BOM = b"\xef\xbb\xbf"
_LOOKALIKES = str.maketrans("aceopxyABCEHKMOPTXYëË", "асеорхуАВСЕНКМОРТХУёЁ")
_WORD = re.compile(r"\w+")
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_LATIN = re.compile(r"[a-zë]", re.IGNORECASE)
_ONLY_LOOKALIKES = re.compile(r"[aceopxy]+")
_MAX_DEPTH = 20
_ANCHOR_MESSAGE = "знаки &, * и ! в начале значения имеют в YAML особый смысл; возьмите значение в кавычки"


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A text value."""

    text: str
    position: FileLocation


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list."""

    items: "tuple[Node, ...]"
    position: FileLocation


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping: keys and values in file order."""

    entries: "tuple[tuple[ScalarNode, Node], ...]"
    position: FileLocation

    def get(self, name: str) -> "Node | None":
        return next((value for key, value in self.entries if key.text == name), None)


Node = ScalarNode | SequenceNode | MappingNode


@dataclass(slots=True)
class ScriptProblems:
    """The problems of one file."""

    file: Path
    problems: list[Problem] = field(default_factory=list)

    def add(self, place: FileLocation, code: str, message: str, *, fatal: bool = True) -> None:
        self.problems.append(Problem(place, code, message, fatal))


def suggest(word: str, known: Iterable[str]) -> str | None:
    """Returns the known word closest to `word`; None when no known word has a difflib ratio of at least 0.6."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return close[0] if close else None


def hint(word: str, known: Iterable[str]) -> str:
    """Returns the end of a message: the closest known word, else all known words if at most 12, else nothing."""
    known = tuple(known)
    close = suggest(word, known)
    if close:
        return f"; может быть, «{close}»?"
    return f"; есть: {', '.join(known)}" if 0 < len(known) <= 12 else ""


def read_nodes(findings: ScriptProblems) -> Node | None:
    """Reads the file into nodes. None when that is impossible; the reasons are added to `findings` (IVR001-IVR010)."""
    text = _read_text(findings)
    if text is None:
        return None
    try:
        if not _reject_anchors_and_tags(findings, text):
            return None
        document = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        findings.add(*_describe_yaml_error(findings.file, error))
        return None
    except RecursionError:
        findings.add(FileLocation(findings.file, 1), "IVR005", "слишком много вложенных скобок или отступов")
        return None
    if document is None or (isinstance(document, yaml.ScalarNode) and not document.value):
        findings.add(FileLocation(findings.file, 1), "IVR009", "файл пуст")
        return None
    return _convert(findings, document, text, depth=0)


def _read_text(findings: ScriptProblems) -> str | None:
    whole = FileLocation(findings.file)
    try:
        raw = findings.file.read_bytes()
    except FileNotFoundError:
        findings.add(whole, "IVR008", "нет такого файла")
        return None
    except OSError as error:
        findings.add(whole, "IVR008", f"файл не читается: {error.strerror or error}")
        return None
    if raw.startswith(_BOM):
        findings.add(
            FileLocation(findings.file, 1, 1), "IVR001", "в начале файла метка BOM; сохраните его как «UTF-8 без BOM»"
        )
        raw = raw.removeprefix(_BOM)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line, begin = raw.count(b"\n", 0, error.start) + 1, raw.rfind(b"\n", 0, error.start) + 1
        place = FileLocation(findings.file, line, len(raw[begin : error.start].decode("utf-8", "replace")) + 1)
        findings.add(place, "IVR002", "файл не в UTF-8 (похоже на Windows-1251); пересохраните его в кодировке UTF-8")
        return None
    text = text.replace("\r\n", "\n")
    for number, line_text in enumerate(text.split("\n"), start=1):
        if not unicodedata.is_normalized("NFC", line_text):
            column = _find_difference(line_text, unicodedata.normalize("NFC", line_text))
            findings.add(
                FileLocation(findings.file, number, column),
                "IVR003",
                "буква составлена из двух знаков (не NFC), обычно это «й» или «ё»; наберите слово заново",
            )
    return unicodedata.normalize("NFC", text)


def _find_difference(one: str, other: str) -> int:
    same = (index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(same, min(len(one), len(other))) + 1


def _reject_anchors_and_tags(findings: ScriptProblems, text: str) -> bool:
    """Reports anchors, aliases and tags (IVR007) and returns False if there are any.

    Authors of scripts do not need them, and an alias may refer to itself.
    """
    clean = True
    try:
        tokens = list(yaml.scan(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:  # the pure Python parser's messages are clearer
        tokens = list(yaml.scan(text, Loader=yaml.SafeLoader))
    for token in tokens:
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
            place = FileLocation(findings.file, token.start_mark.line + 1, token.start_mark.column + 1)
            findings.add(place, "IVR007", _ANCHOR_MESSAGE)
            clean = False
    return clean


def _describe_yaml_error(file: Path, error: yaml.YAMLError) -> tuple[FileLocation, str, str]:
    """Returns the position, the code and a Russian message for the author of the script."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return FileLocation(file), "IVR005", f"в файле знак, которого в YAML быть не может: {error}".splitlines()[0]
    problem, context = error.problem or "", error.context or ""
    mark, code = error.problem_mark or error.context_mark, "IVR005"
    if any(
        token in context for token in ("scanning an anchor", "scanning an alias", "scanning a tag", "parsing a tag")
    ):
        message, mark, code = _ANCHOR_MESSAGE, error.context_mark or mark, "IVR007"
    elif "mapping values are not allowed" in problem:
        message = "двоеточие внутри текста или сбитый отступ; возьмите текст в кавычки"
    elif "\\t" in problem:
        message = "знак табуляции; отступы делайте пробелами"
    elif "cannot start any token" in problem:
        message = "с этого знака значение начинаться не может; возьмите его в кавычки"
    elif "quoted scalar" in context:
        message, mark = "кавычка открыта и не закрыта", error.context_mark or mark
    elif "could not find expected ':'" in problem:
        message, mark = "после ключа нет двоеточия", error.context_mark or mark
    elif "flow" in context:
        message, mark = "скобка открыта и не закрыта", error.context_mark or mark
    elif "block" in context:
        message = "сбитый отступ: строка стоит не под своими соседями"
    else:
        message = f"разметка нарушена: {problem or context}"
    return FileLocation(file, mark.line + 1, mark.column + 1) if mark else FileLocation(file), code, message


def _convert(findings: ScriptProblems, node: yaml.Node, text: str, *, depth: int) -> Node:
    place = FileLocation(findings.file, node.start_mark.line + 1, node.start_mark.column + 1)
    if depth > _MAX_DEPTH:
        findings.add(place, "IVR005", "слишком глубокая вложенность")
        return ScalarNode("", place)
    if isinstance(node, yaml.ScalarNode):
        return ScalarNode(_replace_lookalikes(findings, node, text), place)
    if isinstance(node, yaml.SequenceNode):
        return SequenceNode(tuple(_convert(findings, item, text, depth=depth + 1) for item in node.value), place)
    entries: list[tuple[ScalarNode, Node]] = []
    for key_node, value_node in node.value:
        key = _convert(findings, key_node, text, depth=depth + 1)
        value = _convert(findings, value_node, text, depth=depth + 1)
        if not isinstance(key, ScalarNode):
            findings.add(
                key.position, "IVR010", "ключом может быть только слово; текст, который начинается с {, берут в кавычки"
            )
            continue
        key = ScalarNode(" ".join(key.text.split()), key.position)
        first = next((known for known, _ in entries if known.text == key.text), None)
        if first:
            findings.add(
                key.position, "IVR006", f"ключ «{key.text}» уже был в строке {first.position.line}; оставьте один"
            )
        else:
            entries.append((key, value))
    return MappingNode(tuple(entries), place)


def _replace_lookalikes(findings: ScriptProblems, node: yaml.ScalarNode, text: str) -> str:
    """Replaces Latin look-alikes in the scalar by Cyrillic letters; reports each such word with its position."""
    value = str(node.value)
    written = text[node.start_mark.index : node.end_mark.index]
    for match in _WORD.finditer(written):
        if not _has_lookalikes(match[0], value):
            continue
        before = written[: match.start()]
        line = node.start_mark.line + 1 + before.count("\n")
        column = (node.start_mark.column if "\n" not in before else 0) + len(before.rpartition("\n")[2]) + 1
        latin = ", ".join(dict.fromkeys(letter for letter in match[0] if _LATIN.match(letter)))
        findings.add(
            FileLocation(findings.file, line, column),
            "IVR004",
            f"в слове «{match[0]}» латинские буквы ({latin}) среди русских; наберите его заново по-русски",
        )
    return _WORD.sub(lambda match: _replace_lookalikes_in_word(match[0], value), value)


def _has_lookalikes(word: str, scalar: str) -> bool:
    if not _LATIN.search(word):
        return False
    return bool(_CYRILLIC.search(word) or (_ONLY_LOOKALIKES.fullmatch(word) and _CYRILLIC.search(scalar)))


def _replace_lookalikes_in_word(word: str, scalar: str) -> str:
    return word.translate(_LOOKALIKES) if _has_lookalikes(word, scalar) else word

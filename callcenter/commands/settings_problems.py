"""Describes invalid settings for people, in Russian: the line of the field and the values it may have."""

import difflib
import os
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from callcenter.core.problems import FileLocation, Problem
from callcenter.settings import BrokenSettings, Settings, settings_file

CODE = "SET001"

_MESSAGES = {
    "bool_parsing": "нужно true или false",
    "bool_type": "нужно true или false",
    "enum": "можно одно из: {expected}",
    "extra_forbidden": "такой настройки нет{near}",
    "greater_than_equal": "не меньше {ge}",
    "int_parsing": "нужно целое число без кавычек",
    "int_type": "нужно целое число",
    "int_from_float": "нужно целое число",
    "ip_v4_address": "нужен адрес IPv4, например 127.0.0.1",
    "ip_v4_network": "нужна сеть IPv4, например 10.0.0.0/8: биты после маски — нули",
    "less_than_equal": "не больше {le}",
    "model_type": "нужна таблица: [{field}]",
    "model_attributes_type": "нужна таблица: [{field}]",
    "string_pattern_mismatch": "должно подходить под {pattern}",
    "string_type": "нужен текст в кавычках",
    "tuple_type": "нужен список в квадратных скобках",
}
"""By pydantic's error type. An error type that is missing here keeps pydantic's own message."""


def name_settings(error: BrokenSettings) -> list[Problem]:
    """Returns a problem for each invalid field, or one for the whole file when it cannot be parsed."""
    file = settings_file()
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        text = str(error).removeprefix(f"{file}: ")
        line = re.search(r"at line (\d+)", text)
        return [Problem(FileLocation(file, int(line[1]) if line else 0), CODE, f"файл настроек не читается: {text}")]
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [_make_problem(finding, file, lines) for finding in cause.errors()]


def _make_problem(finding: Any, file: Path, lines: list[str]) -> Problem:
    path = [str(part) for part in finding["loc"]]
    field = ".".join(path)
    facts = {**finding.get("ctx", {}), "field": field, "near": _suggest(path)}
    template = _MESSAGES.get(finding["type"])
    words = template.format(**facts) if template else str(finding["msg"]).removeprefix("Value error, ")
    message = f"{field} = {finding['input']!r}: {words.replace(' or ', ' или ')}"
    variable = f"CALLCENTER_{'__'.join(path).upper()}"
    if variable in {name.upper() for name in os.environ}:  # overrides the file
        return Problem(FileLocation(file), CODE, f"{message} (задано переменной {variable})")
    return Problem(FileLocation(file, _find_line(lines, [part for part in path if not part.isdigit()])), CODE, message)


def _find_line(lines: list[str], path: list[str]) -> int:
    """Number of the line that sets the field, else of the line that opens its table; 0 when the file has neither."""
    table: list[str] = []
    best = (0, 0)
    for number, text in enumerate(lines, start=1):
        if opened := re.match(r"\s*\[([\w.\- ]+)\]", text):
            table = [part.strip() for part in opened[1].split(".")]
            found = table
        elif key := re.match(r"\s*([\w.\-]+)\s*=", text):
            found = [*table, *key[1].split(".")]
        else:
            continue
        if path[: len(found)] == found and len(found) > best[0]:
            best = (len(found), number)
    return best[1]


def _suggest(path: list[str]) -> str:
    """The setting with the most similar name, or the list of settings; empty when the table is unknown."""
    table: type[BaseModel] = Settings
    for part in path[:-1]:
        inner = table.model_fields[part].annotation if part in table.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return ""
        table = inner
    near = difflib.get_close_matches(path[-1], table.model_fields, n=1)
    return f"; может быть, {near[0]}?" if near else f"; есть: {', '.join(table.model_fields)}"

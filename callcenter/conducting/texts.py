"""The Russian texts of `texts.toml`, read once per process."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ConductingTexts:
    """The texts by their keys in `texts.toml`. Names in braces are filled in with `str.format`."""

    robot_failed: str
    cause: str
    cause_until: str
    cause_no_term: str
    in_town: str
    without: str
    either: str
    guess: str
    one_open: str
    several_open: str
    open: str
    open_of_several: str
    open_term: str
    overdue: str
    overdue_of: str
    which: Mapping[str, str]
    differs: Mapping[str, str]
    differs_ask: Mapping[str, str]
    danger_questions: Mapping[str, str]
    reading_doubts: Mapping[str, str]
    alarms: Mapping[str, str]
    terms: Mapping[str, str]
    units: Mapping[str, Sequence[str]]
    behind_comma: Sequence[str]


@cache
def texts() -> ConductingTexts:
    return ConductingTexts(**tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8")))

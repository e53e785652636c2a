"""Pronunciation dictionary for words that a voice gets wrong: `pronunciation.yaml` maps words to the same with stress.

The dictionary is applied to the text for the synthesizer, in which digits and abbreviations are already spelled out.
Only whole words match, in any case; the longest entry wins. Text that people read is never changed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from callcenter.core.problems import Problem
from callcenter.knowledge.yaml_reader import FileProblems, MappingReader, YamlNode, read_text, read_yaml

FILE = "pronunciation.yaml"
MAX_WORDS = 4
"""Most words in an entry: enough to distinguish «дверной замок» from «старый замок»."""

_VOWELS = "аеёиоуыэюя"
_WORDS = re.compile(r"[а-яё]+(?:-[а-яё]+)*(?: [а-яё]+(?:-[а-яё]+)*)*")
_SOUND = re.compile(r"[а-яё+]+(?:[ -][а-яё+]+)*")
_ACUTE = re.compile(rf"([{_VOWELS}])\u0301")


@dataclass(frozen=True)
class Pronunciation:
    """Entries: lower-case words -> the text for the synthesizer, with `+` before the stressed vowel."""

    entries: Mapping[str, str]

    def apply(self, words: str) -> str:
        """Returns `words` with each entry replaced by its pronunciation. Words with a stress mark are not changed."""
        return self._pattern.sub(self._replace, words) if self.entries else words

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self.entries, key=lambda entry: (-entry.count(" "), -len(entry)))
        any_of = "|".join(re.escape(entry).replace(r"\ ", r"\s+") for entry in longest_first)
        return re.compile(rf"(?<![\w+-])(?:{any_of})(?![\w+-])", re.IGNORECASE)

    def _replace(self, found: re.Match[str]) -> str:
        sound = self.entries[" ".join(found[0].lower().split())]
        return sound.capitalize() if found[0][0].isupper() and sound[0] != "+" else sound


EMPTY_PRONUNCIATION = Pronunciation({})


def read_pronunciation(file: Path) -> tuple[Pronunciation, list[Problem]]:
    """Returns the entries and all problems (PRN…). A missing file has no entries; invalid entries are left out."""
    findings = FileProblems(file, "PRN")
    if not file.exists():
        return EMPTY_PRONUNCIATION, []
    text = read_text(findings)
    document = None if text is None else read_yaml(findings, text)
    entries: dict[str, str] = {}
    if document is not None:
        node = MappingReader(findings, document, known=("words",)).values.get("words")
        if node is None:
            findings.add(9, "нет ключа «words»", document)
        else:
            _read_entries(findings, node, entries)
    return Pronunciation(entries), findings.problems


def _read_entries(findings: FileProblems, node: YamlNode, entries: dict[str, str]) -> None:
    sheet = MappingReader(findings, node, known=list(node.value) if isinstance(node.value, dict) else ())
    for word in sheet.values:
        line, _ = node.key_positions[word]
        key = " ".join(word.lower().split())
        sound = _ACUTE.sub(r"+\1", " ".join(sheet.read_string(word).lower().split()))
        fault = _find_fault(word, key, sound, entries)
        if fault is not None:
            findings.add(fault[0], fault[1], line)
        elif sound:  # Sheet has already reported an empty value
            entries[key] = sound


def _find_fault(word: str, key: str, sound: str, entries: Mapping[str, str]) -> tuple[int, str] | None:
    """Returns the first fault of an entry: the number of its code and a message; None if the entry is valid."""
    faults = (
        (
            not _WORDS.fullmatch(key),
            101,
            f"«{word}»: слева стоит слово, как оно произносится: русские буквы, без цифр, знаков и ударения",
        ),
        (
            key.count(" ") >= MAX_WORDS,
            102,
            f"«{word}»: не больше {MAX_WORDS} слов подряд; запишите само слово с ударением",
        ),
        (
            key in entries,
            103,
            f"«{word}» стоит второй раз (большие и малые буквы не различаются); оставьте одну строку",
        ),
        (
            sound != "" and not _SOUND.fullmatch(sound),
            104,
            f"«{word}»: справа только русские буквы и «+» перед ударной гласной, например «звон+ит»",
        ),
        (
            re.search(rf"\+(?![{_VOWELS}])", sound) is not None,
            105,
            f"«{word}»: «+» ставят перед гласной, на которую падает ударение, например «звон+ит»",
        ),
        (
            any(one.count("+") > 1 for one in re.split("[ -]", sound)),
            106,
            f"«{word}»: справа в одном слове два ударения; оставьте одно",
        ),
        (sound == key, 107, f"«{word}»: строка ничего не меняет; поставьте «+» перед ударной гласной или удалите её"),
    )
    return next(((number, message) for wrong, number, message in faults if wrong), None)

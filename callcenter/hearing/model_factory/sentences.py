"""Generates sentences from patterns, for the language model and for synthetic training speech."""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import yaml
from num2words import num2words

PATTERNS = Path(__file__).resolve().parents[3] / "speech_model" / "domain.yaml"
_SLOT = re.compile(r"\{([a-z_]+)(?::(\d+)(?:-(\d+))?)?\}")
_EMPTY_LINE = "-"
_ORDINALS = {
    "ordinal_m": ("m", "n"),
    "ordinal_f": ("f", "n"),
    "ordinal_n": ("n", "n"),
    "ordinal_on": ("m", "p"),
    "ordinal_in": ("m", "p"),
    "ordinal_in_f": ("f", "p"),
    "ordinal_gen": ("n", "g"),
}
"""Slots of ordinal numbers: their gender and case in num2words' notation."""


class Sentences:
    """Patterns with slots in braces. `slots` holds the possible lines of each slot; a line may contain slots again.

    Numeric slots take a range: `{number:1-300}`.
    """

    def __init__(self, patterns: Sequence[str], slots: Mapping[str, Sequence[str]]) -> None:
        self._patterns = patterns
        self._slots = slots

    @classmethod
    def read(cls, file: Path = PATTERNS, more: Mapping[str, Sequence[str]] | None = None) -> "Sentences":
        """Read the patterns and slots of a YAML file. `more` adds lines (the company's own) to the slots it names."""
        held = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        slots = dict(held["slots"])
        for name, lines in (more or {}).items():
            slots[name] = [*slots.get(name, ()), *lines]
        return cls(held["sentences"], slots)

    def generate(self, count: int, chance: random.Random) -> Iterator[str]:
        """Yield `count` random sentences of lower-case words. All patterns are equally probable."""
        while count > 0:
            sentence = self.fill(chance.choice(self._patterns), chance)
            if sentence:
                yield sentence
                count -= 1

    def fill(self, pattern: str, chance: random.Random) -> str:
        while (slot := _SLOT.search(pattern)) is not None:
            pattern = pattern[: slot.start()] + self._choose(slot, chance) + pattern[slot.end() :]
        return " ".join(pattern.split())

    def list_slot_lines(self, *slots: str) -> Iterator[str]:
        """Yield the lines that contain no slot themselves, of the given slots or of all."""
        for lines in (self._slots[slot] for slot in slots or self._slots):
            yield from (line for line in lines if "{" not in line and line != _EMPTY_LINE)

    def _choose(self, slot: re.Match[str], chance: random.Random) -> str:
        name, low, high = slot[1], slot[2], slot[3]
        if low is None:
            line = chance.choice(self._slots[name])
            return "" if line == _EMPTY_LINE else line
        if name in _NUMBER_GENERATORS:
            return _NUMBER_GENERATORS[name](chance, int(low), int(high or low))
        gender, case = _ORDINALS[name]
        number = chance.randint(int(low), int(high))
        return str(num2words(number, lang="ru", to="ordinal", gender=gender, case=case))


def say_number(number: int, case: str = "n") -> str:
    """The number in words; `case` is num2words' case letter. «одна тысяча» or «тысяча»: as num2words writes it."""
    return str(num2words(number, lang="ru", case=case))


def _number(chance: random.Random, low: int, high: int) -> str:
    return say_number(chance.randint(low, high))


def _number_genitive(chance: random.Random, low: int, high: int) -> str:
    return say_number(chance.randint(low, high), "g")


def _digits(chance: random.Random, count: int, _: int) -> str:
    return " ".join(say_number(chance.randrange(10)) for _ in range(count))


def _pairs(chance: random.Random, count: int, _: int) -> str:
    """`count` two-digit numbers, as in a number read out in pairs of digits. A leading zero is said: «ноль пять»."""
    pairs = (chance.randrange(100) for _ in range(count))
    return " ".join(("ноль " if pair < 10 else "") + say_number(pair) for pair in pairs)


_NUMBER_GENERATORS: Mapping[str, Callable[[random.Random, int, int], str]] = {
    "number": _number,
    "number_gen": _number_genitive,
    "digits": _digits,
    "pairs": _pairs,
}

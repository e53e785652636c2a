"""Readings of several meters in one breath: «холодная двести двенадцать горячая сто три»."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from callcenter.understanding.figures import read_reading
from callcenter.understanding.numbers import find_numbers
from callcenter.understanding.words import Word


def find_readings(words: Sequence[Word]) -> dict[str, str]:
    """Meter (`cold`, `hot`, `electricity`) -> its reading in whole units, in the order they were said.

    The number after a meter's name is its reading, or the number before it where they are told so throughout. Of two
    meters of a kind neither is there: they are asked about one by one. Empty when no name has a number.
    """
    names = list(_find_names(words))
    if not names:
        return {}
    ends = [end for _, _, end in names]
    befores = [words[since:first] for since, (_, first, _) in zip([0, *ends], names, strict=False)]
    afters = [words[end:until] for end, until in zip(ends, [*(first for _, first, _ in names[1:]), None], strict=True)]
    told_before = bool(find_numbers(befores[0])) and not find_numbers(afters[-1])
    values = [_first_number(piece) for piece in (befores if told_before else afters)]
    told: dict[str, set[str]] = {}
    for (meter, _, _), value in zip(names, values, strict=True):
        if value:
            told.setdefault(meter, set()).add(value)
    return {meter: next(iter(values_of)) for meter, values_of in told.items() if len(values_of) == 1}


def _find_names(words: Sequence[Word]) -> Iterator[tuple[str, int, int]]:
    """Each meter named, and the words of its name."""
    at = 0
    while at < len(words):
        meter = next((meter for meter, lemmas in _lemmas().items() if words[at].has(*lemmas)), "")
        if not meter:
            at += 1
            continue
        first = at
        at += 1
        while at < len(words) and words[at].has(*_lemmas()[meter], *_beside()):
            at += 1
        yield meter, first, at


def _first_number(words: Sequence[Word]) -> str:
    if not find_numbers(words):
        return ""
    read = read_reading(words)
    return read[0].split(".")[0] if read else ""


@cache
def _lemmas() -> Mapping[str, tuple[str, ...]]:
    return {meter: tuple(lemmas) for meter, lemmas in _file()["meters"].items()}


@cache
def _beside() -> tuple[str, ...]:
    return tuple(_file()["beside"]["words"])


@cache
def _file() -> Mapping[str, Mapping[str, list[str]]]:
    rows: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(
        Path(__file__).with_name("meter_readings.toml").read_text(encoding="utf-8")
    )
    return rows

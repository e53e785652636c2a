"""Extracts the readings of several meters from one utterance: «холодная двести двенадцать горячая сто три».

The dialogue's interpreter uses it for the meter readings of a call.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from callcenter.understanding.numbers.digit_sequences import is_correction, list_readings
from callcenter.understanding.numbers.numbers import find_numbers
from callcenter.understanding.words import Word

AND = " и "
"""Separator of several readings of one kind of meter; the text is read out to the caller."""


def find_readings(words: Sequence[Word]) -> dict[str, str]:
    """Meter (`cold`, `hot`, `electricity`) -> its reading in whole units, in the order of speech.

    Several readings of one kind are joined: `20 и 30`. A reading stands after the name of its meter, or before it if
    the line begins with a number and does not end with one. Empty when no meter has a reading.
    """
    told: dict[str, list[str]] = {}
    for meter, piece in _split_by_meter(words)[0]:
        values = told.setdefault(meter, [])
        values += [value for value in list_readings(piece) if value not in values]
    return {meter: AND.join(values) for meter, values in told.items() if values}


def skip_readings(words: Sequence[Word]) -> Sequence[Word]:
    """The words without meter readings, so that «холодная двадцать горячая десять» is not read as an account."""
    pieces, rest = _split_by_meter(words)
    return rest if any(find_numbers(piece) for _, piece in pieces) else words


def _split_by_meter(words: Sequence[Word]) -> tuple[list[tuple[str, Sequence[Word]]], Sequence[Word]]:
    """Each named meter with the words of its reading, and the remaining words, for example an account number.

    The words of a canceled reading are left out: «холодная двадцать ой горячая двадцать».
    """
    names = list(_find_meter_names(words))
    cues = [at for at, word in enumerate(words) if word.has_lemma(*_read_vocabulary()["account"]["words"])]
    if names and any(at < names[0][1] and not find_numbers(words[at : names[0][1]]) for at in cues):
        del names[0]  # «счёт за свет семь восемь один два»: an account
    if not names:
        return [], words
    since = names[0][1]
    end = next((at for at in cues if at > since), len(words))
    names = [name for name in names if name[1] < end]
    ends, until = [end for _, _, end in names], [*(first for _, first, _ in names[1:]), end]
    befores = [words[begin:first] for begin, (_, first, _) in zip([0, *ends], names, strict=False)]
    afters = [words[begin:last] for begin, last in zip(ends, until, strict=True)]
    if find_numbers(befores[0]) and not find_numbers(afters[-1]):
        return [(meter, piece) for (meter, _, _), piece in zip(names, befores, strict=True)], words[end:]
    kept = [*(() if _is_retracted(piece) else piece for piece in afters[:-1]), afters[-1]]
    return [(meter, piece) for (meter, _, _), piece in zip(names, kept, strict=True)], (*words[:since], *words[end:])


def _is_retracted(piece: Sequence[Word]) -> bool:
    numbers = find_numbers(piece)
    return bool(numbers) and is_correction(piece[numbers[-1].end :])


def _find_meter_names(words: Sequence[Word]) -> Iterator[tuple[str, int, int]]:
    """Each named meter with the words of its name: (meter, first, end)."""
    at = 0
    while at < len(words):
        meter = next((meter for meter, lemmas in _read_meter_lemmas().items() if words[at].has_lemma(*lemmas)), "")
        if not meter:
            at += 1
            continue
        first = at
        at += 1
        while at < len(words) and words[at].has_lemma(*_read_meter_lemmas()[meter], *_read_ignored_words()):
            at += 1
        yield meter, first, at


@cache
def _read_meter_lemmas() -> Mapping[str, tuple[str, ...]]:
    return {meter: tuple(lemmas) for meter, lemmas in _read_vocabulary()["meters"].items()}


@cache
def _read_ignored_words() -> tuple[str, ...]:
    return tuple(_read_vocabulary()["beside"]["words"])


@cache
def _read_vocabulary() -> Mapping[str, Mapping[str, list[str]]]:
    rows: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(
        Path(__file__).with_name("meter_readings.toml").read_text(encoding="utf-8")
    )
    return rows

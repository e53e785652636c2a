"""Parses number words and digits: cardinals and ordinals in any case, with the words they came from.

Consecutive number words may be several numbers: «шестьдесят один» is 61, or 60 and 1. `Number.segmentations` lists all
ways; the caller of this module chooses by what is expected.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

from callcenter.understanding.words import Word, inflect, look_up, similarity

_NOT_NUMBERS = frozenset({"семью", "одни", "одних", "одним", "одними", "сот", "стой", "нулями"})
"""Forms of number lemmas that usually mean something else: «мою семью», «одни соседи»."""
_HESITATION = re.compile(r"(?:э+м*|м+|хм+|ну|а{2,})$")
_ORDINAL_ENDINGS = frozenset(
    {"й", "я", "е", "го", "му", "м", "ю", "ый", "ая", "ой", "ое", "ого", "ому", "ом", "ую", "х"}
)
_MIN_FUZZY_LENGTH = 5
"""Letters: a shorter word is not compared by similarity."""
_MIN_PIECE_LENGTH = 3
"""Letters of the shortest number word inside a compound such as «стописят»."""
_MIN_SIMILARITY = 0.84
"""Minimum `words.alike`, 0 to 1, by which a word outside the dictionary is read as a number word. Lowering it reads
more misrecognized number words, and more other words as numbers."""


@dataclass(frozen=True, slots=True)
class NumberWord:
    """One number word. `magnitude`: 0 for units, 1 for 10 to 19, 2 for tens, 3 for hundreds, 4 for thousands."""

    value: int
    magnitude: int
    ordinal: bool


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a line. `ordinal`: an ordinal by its last word or ending; `typed`: written in digits."""

    digits: str
    """The digits of the number. Leading zeros are kept when it was typed or named by a repeated digit: `007`."""
    first: int
    end: int
    """The words it came from: `words[first:end]`."""
    ordinal: bool
    typed: bool
    segmentations: tuple[tuple[str, ...], ...]
    """All ways to split it into smaller numbers, the unsplit one first: (("61",), ("60", "1"))."""

    @property
    def value(self) -> int:
        """The unsplit number."""
        return int(self.digits)


@lru_cache(maxsize=65536)
def parse_number_word(text: str) -> NumberWord | None:
    """The number word that a folded word is, or resembles if misrecognized («пейсят», «пядьдесят»); None otherwise."""
    exact = _look_up_exactly(text)
    if exact is not None or len(text) < _MIN_FUZZY_LENGTH or not "а" <= text[0] <= "я" or look_up(text)[2]:
        return exact
    table = _list_number_forms()
    near = process.extract(text, table.keys(), scorer=OSA.normalized_similarity, score_cutoff=0.7, limit=5)
    best = max((form for form, _, _ in near), key=lambda form: similarity(text, form), default="")
    return table[best] if similarity(text, best) >= _MIN_SIMILARITY else None


@lru_cache(maxsize=65536)
def split_number_words(text: str) -> tuple[NumberWord, ...]:
    """The number words written together as one word: «стописят» is two, «стотридцатьдевять» three."""
    one = parse_number_word(text)
    if one is not None:
        return (one,)
    return () if look_up(text)[2] else _split_compound(text)


def _split_compound(text: str) -> tuple[NumberWord, ...]:
    for cut in range(_MIN_PIECE_LENGTH, len(text) - _MIN_PIECE_LENGTH + 1):
        first = _look_up_exactly(text[:cut])
        if first is not None:
            last = _look_up_exactly(text[cut:])
            rest = (last,) if last is not None else _split_compound(text[cut:])
            if rest and _can_continue([first], rest[0]):
                return (first, *rest)
    return ()


def _look_up_exactly(text: str) -> NumberWord | None:
    if text in _read_number_tables()["spoken"]:
        value = _read_number_tables()["spoken"][text]
        return NumberWord(value, _get_magnitude(value), ordinal=False)
    return _list_number_forms().get(text)


def is_unit(word: Word) -> bool:
    """Whether the word is a unit or a counted thing; a number before it is a quantity."""
    return any(lemma in _units() for lemma in word.lemmas)


def is_measured(words: Sequence[Word], number: Number) -> bool:
    """Whether the number is a quantity: «пять часов», «пятый день», «восемнадцать с половиной».

    The noun's form must agree with the number: «сто пятьдесят машина стоит» is not 150 cars.
    """
    if [word.text for word in words[number.end : number.end + 2]] == ["с", "половиной"]:
        return True
    at = number.end + is_plural_adjective(words, number.end)
    if at >= len(words) or words[number.end].separator or not is_unit(words[at]):
        return False
    one = number.digits[-1] == "1" and number.digits[-2:] != "11"
    marks = {mark for form in words[at].parses if "Surn" not in form.grammemes for mark in form.grammemes}
    return number.ordinal or number.typed or one or not marks or "gent" in marks


def is_plural_adjective(words: Sequence[Word], at: int) -> bool:
    """Whether the word at `at` is an adjective in the genitive plural, as in «шестьдесят квадратных метров»."""
    return at + 1 < len(words) and any(form.grammemes >= {"ADJF", "plur", "gent"} for form in words[at].parses[:1])


def find_numbers(words: Sequence[Word]) -> tuple[Number, ...]:
    """The numbers of a line, each as long as the grammar allows: «сто тридцать девять один» is 139 and 1."""
    numbers = []
    at = 0
    while at < len(words):
        number = _read_digits(words, at) or _read_spoken_number(words, at)
        if number is None:
            at += 1
        else:
            numbers.append(number)
            at = number.end
    return tuple(numbers)


def split_last(words: Sequence[Word], number: Number) -> tuple[Number, Number] | None:
    """Splits off the number's last word: «сто пятьдесят | четыре часа» is 150 and 4; None if it cannot be split."""
    last = split_number_words(words[number.end - 1].text)
    cut = next(
        (cut for cut in number.segmentations if len(cut) == 2 and len(last) == 1 and cut[1] == str(last[0].value)), None
    )
    if cut is None or number.end - number.first < 2:
        return None
    place = number.end - 1
    return (
        Number(cut[0], number.first, place, False, False, ((cut[0],),)),
        Number(cut[1], place, number.end, number.ordinal, False, ((cut[1],),)),
    )


def group_consecutive(words: Sequence[Word], numbers: Sequence[Number]) -> Iterator[tuple[Number, ...]]:
    """Groups numbers into runs with nothing but hesitations and punctuation between the numbers."""
    row: list[Number] = []
    for number in numbers:
        if row and not all(is_hesitation(word) for word in words[row[-1].end : number.first]):
            yield tuple(row)
            row = []
        row.append(number)
    if row:
        yield tuple(row)


def digit_strings(row: Sequence[Number], *, most: int = 64) -> tuple[str, ...]:
    """The strings of digits that a run of numbers may stand for, the fewest splits first; at most `most` are tried.

    «двести двенадцать» gives `212` and `20012`; «ноль ноль семь» gives `007`.
    """
    ways = sorted(
        product(*(number.segmentations[:8] for number in row[:16])), key=lambda way: sum(len(cut) for cut in way)
    )
    return tuple(dict.fromkeys("".join("".join(cut) for cut in way) for way in ways[:most]))


def is_hesitation(word: Word) -> bool:
    """Whether the word is a hesitation sound, which may stand inside a number: «сто э тридцать»."""
    return _HESITATION.match(word.text) is not None


def _read_digits(words: Sequence[Word], at: int) -> Number | None:
    word = words[at]
    if not word.is_number:
        return None
    end, ordinal = at + 1, False
    if (
        end < len(words)
        and words[end].is_attached
        and words[end].separator == "-"
        and words[end].text in _ORDINAL_ENDINGS
    ):
        end, ordinal = end + 1, True
    return Number(word.text, at, end, ordinal, True, ((word.text,),))


def _read_spoken_number(words: Sequence[Word], at: int) -> Number | None:
    first = split_number_words(words[at].text)
    if not first:
        return None
    said, end, looking = list(first), at + 1, at + 1
    while looking < len(words):
        if is_hesitation(words[looking]):
            looking += 1
            continue
        repeated = _repeated_digit(said, words[looking])
        if repeated is not None:
            digits = str(repeated) * said[0].value
            return Number(digits, at, looking + 1, False, False, ((digits,),))
        after = split_number_words(words[looking].text)
        if not after or not _can_continue(said, after[0]):
            break
        said += after
        end = looking = looking + 1
    return Number(str(_sum(said)), at, end, said[-1].ordinal, False, _list_segmentations(said))


def _repeated_digit(number_words: list[NumberWord], word: Word) -> int | None:
    """The repeated digit of «три нуля», «две семёрки»; None when the word is not a digit noun."""
    if len(number_words) != 1 or number_words[0].magnitude != 0 or number_words[0].value < 2 or number_words[0].ordinal:
        return None
    if word.text in ("нуля", "ноля", "нулей", "нолей"):
        return 0
    return next(
        (
            _read_number_tables()["digit_nouns"][lemma]
            for lemma in word.lemmas
            if lemma in _read_number_tables()["digit_nouns"]
        ),
        None,
    )


def _can_continue(number_words: list[NumberWord], after: NumberWord) -> bool:
    last = number_words[-1]
    if last.ordinal or after.value == 0 or _sum(number_words) == 0:
        return False
    if after.magnitude == 4:
        return all(one.magnitude < 4 for one in number_words)
    if last.magnitude == 4:
        return True
    return (
        last.magnitude > after.magnitude and last.magnitude >= 2 and not (last.magnitude == 2 and after.magnitude == 1)
    )


def _sum(number_words: Sequence[NumberWord]) -> int:
    total = 0
    for one in number_words:
        total = (total or 1) * one.value if one.magnitude == 4 else total + one.value
    return total


def _list_segmentations(number_words: list[NumberWord]) -> tuple[tuple[str, ...], ...]:
    """All ways to split the number words, fewest pieces first; a thousand is never split from its multiplier."""
    ways = []
    for places in product((False, True), repeat=len(number_words) - 1):
        if any(cut and number_words[place + 1].magnitude == 4 for place, cut in enumerate(places)):
            continue
        pieces: list[list[NumberWord]] = [[number_words[0]]]
        for cut, one in zip(places, number_words[1:], strict=True):
            if cut:
                pieces.append([one])
            else:
                pieces[-1].append(one)
        ways.append(tuple(str(_sum(piece)) for piece in pieces))
    return tuple(sorted(ways, key=len))


def _get_magnitude(value: int) -> int:
    return 4 if value >= 1000 else 3 if value >= 100 else 2 if value >= 20 else 1 if value >= 10 else 0


@cache
def _list_number_forms() -> Mapping[str, NumberWord]:
    """All inflected forms of all number words: folded form -> number word."""
    table: dict[str, NumberWord] = {}
    for word, value in _read_number_tables()["ordinals"].items():
        table |= {form: NumberWord(value, _get_magnitude(value), ordinal=True) for form in inflect(word)}
    for word, value in _read_number_tables()["cardinals"].items():
        table |= {form: NumberWord(value, _get_magnitude(value), ordinal=False) for form in inflect(word)}
    for form in _NOT_NUMBERS:
        table.pop(form, None)
    return table


@cache
def _read_number_tables() -> Mapping[str, Mapping[str, int]]:
    document: dict[str, dict[str, int]] = _read_vocabulary()
    return document


@cache
def _units() -> frozenset[str]:
    units: list[str] = _read_vocabulary()["units"]["words"]
    return frozenset(units)


@cache
def _read_vocabulary() -> Any:
    return tomllib.loads(Path(__file__).with_name("numbers.toml").read_text(encoding="utf-8"))

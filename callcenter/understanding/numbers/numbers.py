"""Number words and digits read into numbers: any case, cardinal or ordinal, with the words they came from.

Numbers said in a row may be cut in several ways («шестьдесят один» is 61, or 60 and 1): `Number.cuts` lists them, and
who knows what is being asked chooses. Nothing here decides.
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

from callcenter.understanding.words import Word, alike, inflect, look_up

_NOT_NUMBERS = frozenset({"семью", "одни", "одних", "одним", "одними", "сот", "стой", "нулями"})
"""Forms of number lemmas that mean something else: «мою семью», «одни соседи»."""
_HESITATION = re.compile(r"(?:э+м*|м+|хм+|ну|а{2,})$")
_ORDINAL_ENDINGS = frozenset(
    {"й", "я", "е", "го", "му", "м", "ю", "ый", "ая", "ой", "ое", "ого", "ому", "ом", "ую", "х"}
)
_MIN_FUZZY_LENGTH = 5
_MIN_PIECE_LENGTH = 3
_MIN_SIMILARITY = 0.84
"""How alike a word the dictionary lacks must be to a number word to be taken for it."""


@dataclass(frozen=True, slots=True)
class NumberWord:
    """One number word. `magnitude`: 0 a unit, 1 ten to nineteen, 2 tens, 3 hundreds, 4 a thousand."""

    value: int
    magnitude: int
    ordinal: bool


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a line."""

    digits: str
    """As it would be typed; zeros before it stay when it was typed: `007`."""
    first: int
    end: int
    """The words it came from: `words[first:end]`."""
    ordinal: bool
    typed: bool
    segmentations: tuple[tuple[str, ...], ...]
    """The ways to cut it into smaller numbers, the whole first: («61»,), («60», «1»)."""

    @property
    def value(self) -> int:
        """The whole as a number."""
        return int(self.digits)


@lru_cache(maxsize=65536)
def atom(text: str) -> NumberWord | None:
    """The number word that a folded word is, a clipped or a misheard one («пейсят», «пядьдесят») included."""
    exact = _look_up_exactly(text)
    if exact is not None or len(text) < _MIN_FUZZY_LENGTH or not "а" <= text[0] <= "я" or look_up(text)[2]:
        return exact
    table = _list_number_forms()
    near = process.extract(text, table.keys(), scorer=OSA.normalized_similarity, score_cutoff=0.7, limit=5)
    best = max((form for form, _, _ in near), key=lambda form: alike(text, form), default="")
    return table[best] if alike(text, best) >= _MIN_SIMILARITY else None


@lru_cache(maxsize=65536)
def atoms(text: str) -> tuple[NumberWord, ...]:
    """The number words that one written word is: «стописят» is two, «стотридцатьдевять» three."""
    one = atom(text)
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
    """Whether the word is something counted or measured: after a number it makes a quantity of it."""
    return any(lemma in _units() for lemma in word.lemmas)


def is_measured(words: Sequence[Word], number: Number) -> bool:
    """«пять часов», «пятый день», «восемнадцать с половиной»: a quantity; not «сто пятьдесят | машина стоит»: its form
    is not the number's."""
    if [word.text for word in words[number.end : number.end + 2]] == ["с", "половиной"]:
        return True
    at = number.end + is_many(words, number.end)
    if at >= len(words) or words[number.end].separator or not is_unit(words[at]):
        return False
    one = number.digits[-1] == "1" and number.digits[-2:] != "11"
    marks = {mark for form in words[at].parses if "Surn" not in form.grammemes for mark in form.grammemes}
    return number.ordinal or number.typed or one or not marks or "gent" in marks


def is_many(words: Sequence[Word], at: int) -> bool:
    """Whether an adjective of what is counted stands there: «шестьдесят квадратных метров», «два грузовых лифта»."""
    return at + 1 < len(words) and any(form.grammemes >= {"ADJF", "plur", "gent"} for form in words[at].parses[:1])


def find_numbers(words: Sequence[Word]) -> tuple[Number, ...]:
    """The numbers of a line, each as long as its words allow: «сто тридцать девять один» is 139 and 1."""
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
    """A number without its last word, and that word's: «сто пятьдесят | четыре часа»; None where it can't be parted."""
    last = atoms(words[number.end - 1].text)
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


def runs(words: Sequence[Word], numbers: Sequence[Number]) -> Iterator[tuple[Number, ...]]:
    """The numbers that stand in a row, nothing but hesitation and signs between them."""
    row: list[Number] = []
    for number in numbers:
        if row and not all(is_hesitation(word) for word in words[row[-1].end : number.first]):
            yield tuple(row)
            row = []
        row.append(number)
    if row:
        yield tuple(row)


def digit_strings(row: Sequence[Number], *, most: int = 64) -> tuple[str, ...]:
    """What a row may be as one string of digits, the fewest cuts first, without repetition.

    «двести двенадцать» gives `212` and `20012`; «ноль ноль семь» gives `007`.
    """
    ways = sorted(
        product(*(number.segmentations[:8] for number in row[:16])), key=lambda way: sum(len(cut) for cut in way)
    )
    return tuple(dict.fromkeys("".join("".join(cut) for cut in way) for way in ways[:most]))


def is_hesitation(word: Word) -> bool:
    """A sound between two words of one number: «сто э тридцать»."""
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
    first = atoms(words[at].text)
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
        after = atoms(words[looking].text)
        if not after or not _can_continue(said, after[0]):
            break
        said += after
        end = looking = looking + 1
    return Number(str(_sum(said)), at, end, said[-1].ordinal, False, _list_segmentations(said))


def _repeated_digit(number_words: list[NumberWord], word: Word) -> int | None:
    """The digit of «три нуля», «две семёрки»; None when the word is no such noun."""
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
    """Every way to cut the atoms, fewest pieces first; a thousand is never cut from its multiplier."""
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
    """Every form of every number word."""
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

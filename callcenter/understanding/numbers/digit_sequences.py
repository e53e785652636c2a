"""Interprets runs of numbers as a telephone, a ticket number, an account, a meter reading, or plain numbers.

A `read_*` function interprets the reply to a question and returns all candidates, the likeliest first, for the dialogue
to read back. `find_figures` finds numbers in any line whose kind is plain from their form or the words before them. A
row is a run of numbers with nothing but hesitations between them (`numbers.runs`).
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from callcenter.understanding.numbers.numbers import Number, digit_strings, find_numbers, group_consecutive
from callcenter.understanding.words import Word

_MAX_CANDIDATES = 4
"""Maximum number of candidates returned for one number."""
_MAX_CUE_DISTANCE = 4
"""Number of words before a number among which a word such as «заявка» tells its kind."""
_TICKET_YEAR_DIGITS, _TICKET_NUMBER_DIGITS = 2, 6
"""Digits of the two parts of a ticket number: 26-000123."""


@dataclass(frozen=True, slots=True)
class SpokenFigure:
    """A number in a line with its kind."""

    kind: str
    """`phone` (+79112334567, or 7 digits of a local number), `ticket` (26-000142, or 142 without its year), `account`,
    `reading` (123.45, only with a fraction), `number`."""
    value: str
    """The likeliest value."""
    alternatives: tuple[str, ...]
    """The other candidates, the likeliest first; empty when there is no doubt."""
    first: int
    end: int
    """The words it came from: `words[first:end]`."""


def find_figures(words: Sequence[Word]) -> tuple[SpokenFigure, ...]:
    """All numbers of a line, each with the kind that its form or the words before it tell."""
    figures: list[SpokenFigure] = []
    numbers = find_numbers(words)
    rows = _list_valid_rows(words, numbers)
    skipped: set[int] = set()
    for place, row in enumerate(rows):
        if place in skipped:
            continue
        first, end = row[0].first, row[-1].end
        after = rows[place + 1] if place + 1 < len(rows) else ()
        phones = _list_phones(row, cued=_has_cue(words, first, "phone"))
        ticket = _list_tickets(words, row, after)
        if phones:
            figures.append(SpokenFigure("phone", phones[0], phones[1:], first, end))
        elif ticket and (_is_dashed(words, row, after) or _has_cue(words, first, "ticket")):
            dashed = _is_dashed(words, row, after)
            skipped.update([place + 1] if dashed and after else [])
            figures.append(
                SpokenFigure("ticket", ticket[0], ticket[1:], first, after[-1].end if dashed and after else end)
            )
        elif _has_cue(words, first, "account"):
            strings = digit_strings(row)[:_MAX_CANDIDATES]
            figures.append(SpokenFigure("account", strings[0], strings[1:], first, end))
        else:
            value, over = _read_fraction(words, row, after, bare_and=_has_cue(words, first, "reading"))
            if over:
                skipped.update([place + 1] if over > end else [])
                figures.append(SpokenFigure("reading", value, (), first, over))
            else:
                figures += [SpokenFigure("number", one.digits, (), one.first, one.end) for one in row]
    return tuple(figures)


def is_correction(between: Sequence[Word]) -> bool:
    """Whether the words between two numbers cancel the first: «ой», «то есть», «нет подождите»; not «ой дом»."""
    document = _read_vocabulary()
    said = " ".join(word.text for word in between).replace("то есть", "вернее").split()
    corrects = [text for text in said if text in document["corrections"]]
    return corrects != [] and all(text in document["corrections"] or text in document["around"] for text in said)


def read_phone(words: Sequence[Word]) -> tuple[str, ...]:
    """Telephone numbers: in E.164 for ten or eleven digits, otherwise the seven digits of a local number."""
    found = (phone for row in _list_valid_rows(words, find_numbers(words)) for phone in _list_phones(row, cued=True))
    return tuple(dict.fromkeys(found))[:_MAX_CANDIDATES]


def read_ticket(words: Sequence[Word]) -> tuple[str, ...]:
    """Ticket numbers: `26-000142`, or `142`, without leading zeros, if no year was said."""
    rows = _list_valid_rows(words, find_numbers(words))
    found = (
        ticket
        for place, row in enumerate(rows)
        for ticket in _list_tickets(words, row, rows[place + 1] if place + 1 < len(rows) else ())
    )
    return tuple(dict.fromkeys(found))[:_MAX_CANDIDATES]


def read_account(words: Sequence[Word], *, digits: int | None = None) -> tuple[str, ...]:
    """Account numbers as strings of digits; several rows are also joined into one number.

    Numbers are split only if the length is known (`digits`): otherwise «сто двадцать пять» is 125 and never 1205.
    """
    rows = [digit_strings(row) for row in _list_valid_rows(words, find_numbers(words))]
    if digits is None:
        rows = [strings[:1] for strings in rows]
    joined = ["".join(strings[0] for strings in rows)] if len(rows) > 1 else []
    found = [string for strings in rows for string in strings] + joined
    fitting = [string for string in found if digits is None or len(string) == digits]
    return tuple(dict.fromkeys(fitting))[:_MAX_CANDIDATES]


def read_reading(words: Sequence[Word]) -> tuple[str, ...]:
    """Candidates for one meter reading, with a decimal point: «сто двадцать три и четыре» is 123.4.

    Empty if several different values are said: «день сто ночь двести». Two numbers without a word between them may be a
    value in two parts or a value and its fraction: «сто двадцать три сорок пять» gives 12345 and 123.45. Of «не сто
    двадцать, а сто десять» it is 110.
    """
    values = _list_values(words)
    return values[0] if len({value[0] for value in values}) == 1 else ()


def list_readings(words: Sequence[Word]) -> tuple[str, ...]:
    """All readings of a line, in whole units: «на кухне двадцать в ванной тридцать» gives 20 and 30."""
    return tuple(dict.fromkeys(value[0].split(".")[0] for value in _list_values(words)))


def _list_values(words: Sequence[Word]) -> list[tuple[str, ...]]:
    """The candidates of each reading; unrelated numbers are dropped («за двадцатое число сто десять» gives 110)."""
    rows = _list_valid_rows(words, find_numbers(words))
    values, others = list[tuple[str, ...]](), list[tuple[str, ...]]()
    since = 0
    for place, row in enumerate(rows):
        if row[0].first < since:
            continue
        value, over = _read_fraction(words, row, rows[place + 1] if place + 1 < len(rows) else (), bare_and=True)
        (others if _is_unrelated_number(words, row, since) else values).append(
            (value,) if over else _list_row_candidates(row)
        )
        since = max(row[-1].end, over)
    return values or others[:1]


def _list_row_candidates(row: Sequence[Number]) -> tuple[str, ...]:
    found = [_strip_leading_zeros(string) for string in digit_strings(row)[:_MAX_CANDIDATES]]
    if len(row) == 2 and len(row[1].digits) <= 3 and row[1].value and len(row[0].digits) > 1:
        found.insert(1, f"{_strip_leading_zeros(row[0].digits)}.{row[1].digits}")
    return tuple(dict.fromkeys(found))[:_MAX_CANDIDATES]


def _is_unrelated_number(words: Sequence[Word], row: Sequence[Number], since: int) -> bool:
    """Whether a number is no reading: «двадцатое число», «два счётчика», «квартира пять», «сорок литров»."""
    document = _read_vocabulary()
    before, after = words[max(since, row[0].first - 2) : row[0].first], words[row[-1].end : row[-1].end + 1]
    counts = any(word.has_lemma(*document["counted"], *document["places"]) for word in after)
    alone = len(row) == 1 and words[row[0].first].has_lemma("один")  # «я одна живу»: a person
    return row[-1].ordinal or alone or counts or any(word.has_lemma(*document["elsewhere"]) for word in before)


def _list_valid_rows(words: Sequence[Word], numbers: Sequence[Number]) -> list[tuple[Number, ...]]:
    """The rows of numbers without canceled ones: «сорок пять ой сорок шесть» gives 46.

    After «не» the second half of an even row is meant: «не сто пятнадцать сто пятьдесят». A correction with fewer
    digits is ambiguous, so neither number is kept: «тысяча двести тридцать ой сорок» may mean 40 or 1240.
    """
    left: list[tuple[Number, ...]] = []
    for row in group_consecutive(words, numbers):
        shorter = False
        if left and is_correction(words[left[-1][-1].end : row[0].first]):
            shorter = _count_digits(row) < _count_digits(left.pop())
        denied = row[0].first > 0 and words[row[0].first - 1].text == "не"
        meant = row if not denied else row[len(row) // 2 :] if len(row) % 2 == 0 else ()
        left += [meant] if meant and not shorter else []
    return left


def _count_digits(row: Sequence[Number]) -> int:
    return sum(len(number.digits) for number in row)


def _list_phones(row: Sequence[Number], *, cued: bool) -> tuple[str, ...]:
    strings = [string for string in digit_strings(row) if len(string) in ((7, 10, 11) if cued else (10, 11))]
    phones = (
        f"+7{string[-10:]}"
        for string in strings
        if (len(string) == 11 and string[0] in "78" and string[1] in "3489")
        or (len(string) == 10 and string[0] in "3489")
    )
    whole = tuple(dict.fromkeys(phones))
    return (whole or tuple(string for string in strings if len(string) == 7 and string[0] != "0"))[:_MAX_CANDIDATES]


def _list_tickets(words: Sequence[Word], row: Sequence[Number], after: Sequence[Number]) -> tuple[str, ...]:
    if _is_dashed(words, row, after):
        typed = len(row) > 1 and words[row[1].first].separator in "-/"
        year, rest = (row[0].digits, row[1:]) if typed else (row[0].digits, after)
        strings = [string for string in digit_strings(rest) if len(string) <= _TICKET_NUMBER_DIGITS]
        return tuple(f"{year}-{string.zfill(_TICKET_NUMBER_DIGITS)}" for string in strings[:_MAX_CANDIDATES])
    tickets = []
    for string in digit_strings(row):
        if len(string) == _TICKET_YEAR_DIGITS + _TICKET_NUMBER_DIGITS:
            tickets.append(f"{string[:_TICKET_YEAR_DIGITS]}-{string[_TICKET_YEAR_DIGITS:]}")
        elif len(string) <= _TICKET_NUMBER_DIGITS and string.strip("0"):
            tickets.append(string.lstrip("0"))
    return tuple(dict.fromkeys(tickets))[:_MAX_CANDIDATES]


def _is_dashed(words: Sequence[Word], row: Sequence[Number], after: Sequence[Number]) -> bool:
    """Whether the row is a ticket number with its year: «двадцать шесть дробь сто сорок два», `26-000142`."""
    if len(row[0].digits) != _TICKET_YEAR_DIGITS:
        return False
    if len(row) > 1 and words[row[1].first].separator in ("-", "/") and words[row[1].first].is_attached:
        return True
    between = [word.text for word in words[row[-1].end : after[0].first]] if after else []
    return len(row) == 1 and between in (["дробь"], ["тире"], ["дефис"], ["черта"], ["черточка"])


def _read_fraction(
    words: Sequence[Word], row: Sequence[Number], after: Sequence[Number], *, bare_and: bool
) -> tuple[str, int]:
    """A value with its fraction and the index after its last word; an empty string and 0 without a fraction.

    `bare_and`: «и» alone may separate the fraction.
    """
    document = _read_vocabulary()
    whole = _strip_leading_zeros(digit_strings(row)[0])
    if len(row) == 2 and words[row[1].first].separator in (",", ".") and words[row[1].first].is_attached:
        return f"{_strip_leading_zeros(row[0].digits)}.{row[1].digits}", row[1].end
    rest = words[row[-1].end :]
    if rest[:2] and rest[0].text in ("с", "и") and (half := _look_up_lemma(rest[1:2], document["parts"])):
        return f"{whole}.{half}", row[-1].end + 2
    if not after:
        return "", 0
    between = words[row[-1].end : after[0].first]
    place, end = _look_up_lemma(words[after[-1].end : after[-1].end + 1], document["places"]), after[-1].end + 1
    if len(after) > 1 and after[-1].ordinal:  # «пять сотых»: «сотых» is parsed as an ordinal
        place, end = _look_up_lemma(words[after[-1].first : after[-1].end], document["places"]), after[-1].end
        after = after[:-1]
    marked = any(word.has_lemma(*document["point"]) for word in between)
    only_and = all(word.text == "и" for word in between)
    near = len(between) <= 3 and marked
    if near and place:
        return f"{whole}.{digit_strings(after)[0].zfill(int(place))}", end
    if near and (not only_and or bare_and) and len(digit_strings(after)[0]) <= 3:
        return f"{whole}.{digit_strings(after)[0]}", after[-1].end
    return "", 0


def _look_up_lemma(words: Sequence[Word], table: dict[str, Any]) -> str:
    return next((str(table[lemma]) for word in words for lemma in word.lemmas if lemma in table), "")


def _has_cue(words: Sequence[Word], at: int, kind: str) -> bool:
    """Whether a word that tells this kind stands among the `_MAX_CUE_DISTANCE` words before `at`."""
    cues: Iterable[str] = _read_vocabulary()[kind]
    return any(word.has_lemma(*cues) for word in words[max(0, at - _MAX_CUE_DISTANCE) : at])


def _strip_leading_zeros(digits: str) -> str:
    return digits.lstrip("0") or "0"


@cache
def _read_vocabulary() -> Any:
    return tomllib.loads(Path(__file__).with_name("figures.toml").read_text(encoding="utf-8"))

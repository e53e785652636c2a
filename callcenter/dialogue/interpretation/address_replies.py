"""Replies that correct an address without naming a part: «не сто тридцать девять, а сто пятьдесят», «нет квартиры»."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

from callcenter.understanding.address.address import Address, resolve
from callcenter.understanding.address.address_book import AddressBook
from callcenter.understanding.numbers.numbers import find_numbers
from callcenter.understanding.words import Word

_OPTIONAL_PARTS = ("settlement", "building", "structure", "letter")
_INSIDE = ("entrance", "floor", "apartment")
_NUMBERED = ("house", "building", "structure", "apartment", "entrance", "floor")


def apply_number_correction(book: AddressBook, known: Address, read: Sequence[Word]) -> Address | None:
    """Replaces a number of the address that the caller takes back; None if the caller takes back none of its numbers.

    «не сто тридцать девять а сто пятьдесят», «сто пятьдесят а не сто тридцать девять».
    """
    numbers = find_numbers(read)
    for one, other in pairwise(numbers):
        between = [word.text for word in read[one.end : other.first] if not word.is_filler]
        before = read[one.first - 1].text if one.first else ""
        old, new = (one, other) if before == "не" else (other, one) if between[-1:] == ["не"] else (None, None)
        if old is None or new is None:
            continue
        part = next((name for name in _NUMBERED if known.get_value(name) == old.digits), None)
        if part is not None:
            exchanged = book.merge_reply(known, read[new.first : new.end], asked_part=part)
            inside = {name: known.parts[name] for name in _INSIDE if name in known.parts and name != part}
            return resolve(book.houses.all, {**inside, **exchanged.parts}, ())
    return None


def drop_stale_entrance(book: AddressBook, known: Address, said: Address) -> Address:
    """Drops the entrance and floor of an earlier trouble if the apartment in `said` is in another entrance.

    `known`: the address with `said` merged in; a doubt about its entrance shows the contradiction.
    """
    if "apartment" not in said.parts or "entrance" in said.parts:
        return known
    if all(doubt.part != "entrance" for doubt in known.doubts):
        return known
    left = {name: part for name, part in known.parts.items() if name not in ("entrance", "floor")}
    return resolve(book.houses.all, left, ())


def find_absent_part_word(asked: str, read: Sequence[Word]) -> str:
    """The word that says the part `asked` does not exist; empty if there is none.

    «в городе» for a settlement, «без корпуса» for a building, «это подвал» for an apartment.
    """
    if asked == "settlement":
        return _find_lemma(read, "город")
    if asked in _OPTIONAL_PARTS:
        return _find_lemma(read, "без", "нет")
    if asked != "apartment":
        return ""
    flatless = _find_lemma(read, "без", "нет", "не") and _find_lemma(read, "квартира")
    return flatless or _find_lemma(read, *_load_words()["no_flat"]["words"])


def _find_lemma(read: Sequence[Word], *lemmas: str) -> str:
    return next((word.text for word in read if word.has_lemma(*lemmas)), "")


@cache
def _load_words() -> Mapping[str, Mapping[str, list[str]]]:
    rows: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(
        Path(__file__).with_name("place_replies.toml").read_text(encoding="utf-8")
    )
    return rows

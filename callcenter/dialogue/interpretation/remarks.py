"""What a line says beside a trouble: that it is the whole house's, what the master is to know, whose the house is."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from callcenter.dialogue.scripts.vocabulary import NUMBER_AGAIN, REMARKS
from callcenter.understanding.words import Word

MOST_OTHER_WORDS = 5
"""Beside a remark; in a longer line it is a part of a story."""


def list_remarks(read: Sequence[Word]) -> Iterator[str]:
    """The meanings of vocabulary.REMARKS that the line has."""
    for name in REMARKS:
        at = _find(read, name)
        if at is None or (name == NUMBER_AGAIN and _names_other(read[at:])):
            continue
        if len(read) <= MOST_OTHER_WORDS + 2:
            yield name


def means_whole_house(read: Sequence[Word]) -> bool:
    """Whether the trouble is that of the whole house or entrance, so that no flat tells where it is."""
    at = _find(read, "whole_house")
    return at is not None and _find(read[at:], "but_here") is None and _find(read, "here_alone") is None


def leave_wish(read: Sequence[Word]) -> Sequence[Word] | None:
    """The words before those that the master is to know: of «да только меня до шести дома не будет» the «да»; None
    where there are none of these."""
    at = _find(read, "wishes")
    turns = [place for place, word in enumerate(read) if word.text in _load_words()["beside"]["turns"]]
    return None if at is None else read[: min([at, *turns])]


def drop_wishes(read: Sequence[Word]) -> Sequence[Word]:
    """The words that are no part of a wish's phrase."""
    texts, left, at = [word.text for word in read], [], 0
    while at < len(read):
        held = [len(phrase) for phrase in _phrases("wishes") if texts[at : at + len(phrase)] == phrase]
        if not held:
            left.append(read[at])
        at += max(held, default=1)
    return left


def refuses(read: Sequence[Word]) -> bool:
    """Whether a ticket is not wanted any more."""
    return _find(read, "refusals") is not None


def asks_price(read: Sequence[Word]) -> bool:
    """Whether the line asks what something costs."""
    return _find(read, "prices") is not None


def asks_ours(read: Sequence[Word]) -> bool:
    """Whether the line asks if a house is the company's."""
    return _find(read, "ours") is not None


def _names_other(read: Sequence[Word]) -> bool:
    """Whether the number of something else than a ticket is asked for: «номер бухгалтерии», «номер куда звонить»."""
    rows = _load_words()["beside"]
    if any(word.has_lemma(*rows["ticket"]) for word in read):
        return False
    named = (form.grammemes for word in read for form in word.parses[:1] if form.part_of_speech in ("NOUN", "ADJF"))
    other = any("gent" in marks and "Apro" not in marks for marks in named)  # «моей» names nothing
    return other or any(word.has_lemma(*rows["telephone"]) for word in read)


def _find(read: Sequence[Word], row: str) -> int | None:
    """Where the first phrase of the row begins."""
    texts = [word.text for word in read]
    found = (at for at in range(len(texts)) for phrase in _phrases(row) if texts[at : at + len(phrase)] == phrase)
    return next(found, None)


@cache
def _phrases(row: str) -> list[list[str]]:
    rows = {**_load_words()["said"], **_load_words()["beside"]}
    return [phrase.split() for phrase in rows[row]]


@cache
def _load_words() -> Mapping[str, Mapping[str, list[str]]]:
    rows: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(
        Path(__file__).with_name("remarks.toml").read_text(encoding="utf-8")
    )
    return rows

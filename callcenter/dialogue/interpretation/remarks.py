"""Finds remarks in an utterance by the phrases of `remarks.toml`: that a trouble concerns the whole house, a wish for
the technician, a question about price or about the company."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from callcenter.dialogue.interpretation.company_name import with_company_name
from callcenter.dialogue.scripts.vocabulary import NUMBER_AGAIN, REMARKS
from callcenter.understanding.words import Word

MOST_OTHER_WORDS = 5
"""Most other words beside a remark of two words; in a longer utterance the phrase is part of a story."""


def list_remarks(read: Sequence[Word]) -> Iterator[str]:
    """The meanings of `vocabulary.REMARKS` that the utterance has."""
    for name in REMARKS:
        at = _find(read, name)
        if at is None or (name == NUMBER_AGAIN and _names_other(read[at:])):
            continue
        if len(read) <= MOST_OTHER_WORDS + 2:
            yield name


def concerns_whole_house(read: Sequence[Word]) -> bool:
    """Whether the trouble concerns the whole house or entrance, so that the address needs no apartment."""
    at = _find(read, "whole_house")
    return at is not None and _find(read[at:], "but_here") is None and _find(read, "here_alone") is None


def list_words_before_wish(read: Sequence[Word]) -> Sequence[Word] | None:
    """The words before a wish for the technician; None if there is no wish.

    «да только меня до шести дома не будет» gives «да».
    """
    at = _find(read, "wishes")
    turns = [place for place, word in enumerate(read) if word.text in _load_words()["beside"]["turns"]]
    return None if at is None else read[: min([at, *turns])]


def drop_wishes(read: Sequence[Word]) -> Sequence[Word]:
    """The utterance without the phrases of a wish."""
    texts, left, at = [word.text for word in read], [], 0
    while at < len(read):
        held = [len(phrase) for phrase in _phrases("wishes") if texts[at : at + len(phrase)] == phrase]
        if not held:
            left.append(read[at])
        at += max(held, default=1)
    return left


def refuses(read: Sequence[Word]) -> bool:
    """Whether the caller takes a ticket back."""
    return _find(read, "refusals") is not None


def asks_price(read: Sequence[Word]) -> bool:
    """Whether the caller asks for a price."""
    return _find(read, "prices") is not None


def asks_if_managed(read: Sequence[Word]) -> bool:
    """Whether the caller asks if the company manages a house."""
    return _find(read, "ours") is not None


def _names_other(read: Sequence[Word]) -> bool:
    """Whether the number asked for is not a ticket's: «номер бухгалтерии», «номер куда звонить»."""
    rows = _load_words()["beside"]
    if any(word.has_lemma(*rows["ticket"]) for word in read):
        return False
    named = (form.grammemes for word in read for form in word.parses[:1] if form.part_of_speech in ("NOUN", "ADJF"))
    other = any("gent" in marks and "Apro" not in marks for marks in named)  # Pronouns such as «моей» name nothing.
    return other or any(word.has_lemma(*rows["telephone"]) for word in read)


def _find(read: Sequence[Word], row: str) -> int | None:
    """Index of the word where the first phrase of `row` begins."""
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
        with_company_name(Path(__file__).with_name("remarks.toml"))
    )
    return rows

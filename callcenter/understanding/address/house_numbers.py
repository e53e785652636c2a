"""Finds the house number next to a place name: «садовая дом пять», «на ленина в восьмом доме»."""

from collections.abc import Sequence

from callcenter.understanding.address.items import SLASHES, find_named_part
from callcenter.understanding.numbers.numbers import (
    Number,
    is_hesitation,
    is_measured,
    is_unit,
    parse_number_word,
    split_last,
)
from callcenter.understanding.words import Word

PREPOSITIONS = frozenset({"на", "по", "с", "со", "от", "в", "во", "из", "около", "у", "возле", "до", "к", "ко"})


def house_after(words: Sequence[Word], at: int) -> tuple[int, bool]:
    """Where a house number begins after a name, and whether the number needs a house word.

    Skips «дом», fillers, one «в», «во» or «из», and negated values («а не на ленина»). The preposition without «дом»
    makes the house word required after the number: «на ленина в восьмом доме», not «на ленина в восемь».
    """
    needs_word = False
    while at < len(words):
        if words[at].text in ("в", "во", "из") and not needs_word:
            needs_word = True
        elif find_named_part(words, at) == "house":
            needs_word = False
        elif [word.text for word in words[at : at + 2]] == ["а", "не"]:
            at = (
                next(
                    (end for end in range(at + 3, min(at + 6, len(words))) if is_followed_by_house(words, end)), at + 2
                )
                - 1
            )
        elif words[at].text == "не":  # skips «садовая (не девять а) семь», «павлова (не академика) дом четырнадцать»
            but = next((end for end in range(at + 2, min(at + 6, len(words))) if words[end].text == "а"), at)
            at += 1 if but == at and _is_negated_name(words, at + 1) else but - at
        elif not is_filler_word(words[at]):
            break
        at += 1
    return at, needs_word


def _is_negated_name(words: Sequence[Word], at: int) -> bool:
    """Whether a name after «не» is directly followed by a house: «не академика», «не нижняя»."""
    named = (
        at + 1 < len(words)
        and words[at].has_part_of_speech("NOUN", "ADJF")
        and not words[at].has_part_of_speech("VERB", "PREP")
    )
    return (
        named
        and parse_number_word(words[at].text) is None
        and find_named_part(words, at) == ""
        and is_followed_by_house(words, at + 1)
    )


def list_house_segmentations(words: Sequence[Word], number: Number) -> tuple[tuple[str, ...], ...]:
    """The segmentations of a number. For a measured number («сто пятьдесят четыре часа») only those without the
    measured last word."""
    if not is_measured(words, number):
        return number.segmentations
    parted = split_last(words, number)
    return parted[0].segmentations if parted is not None else ()


def links_house_number(words: Sequence[Word], at: int) -> bool:
    """Whether the word links a house number to its building or to the second half of its fraction."""
    return find_named_part(words, at) in ("building", "structure") or words[at].text in SLASHES


def read_spelled_digits(words: Sequence[Word], numbers: Sequence[Number], at: int) -> str:
    """The digits said one by one from a word on, joined: «один три девять» gives `139`. Empty before a unit:
    «три раза»."""
    digits = ""
    for number in numbers:
        if number.first == at and len(number.digits) == 1 and not number.ordinal:
            digits, at = digits + number.digits, number.end
    return "" if at < len(words) and is_unit(words[at]) else digits


def is_filler_word(word: Word) -> bool:
    """Whether the word is a hesitation or a filler."""
    return is_hesitation(word) or word.is_filler


def is_followed_by_house(words: Sequence[Word], at: int) -> bool:
    """Whether a part word or a number follows. A number that counts something is excluded: «павлов третий день»."""
    while at < len(words) and is_filler_word(words[at]):
        at += 1
    end = at
    while end < len(words) and (words[end].is_number or parse_number_word(words[end].text) is not None):
        end += 1
    if end > at:
        return end == len(words) or not is_unit(words[end])
    return at < len(words) and find_named_part(words, at) != ""


def is_followed_by_part_word(words: Sequence[Word], at: int) -> bool:
    """Whether a part word follows, with or without a preposition and a number before it: «в первый корпус»,
    «вторая парадная», «корпус один»."""
    while at < len(words) and (is_filler_word(words[at]) or words[at].text in PREPOSITIONS):
        at += 1
    while at < len(words) and (words[at].is_number or parse_number_word(words[at].text) is not None):
        at += 1
    return at < len(words) and find_named_part(words, at) != ""


def states_house(words: Sequence[Word], at: int, numbers: Sequence[Number]) -> bool:
    """Whether the words from `at` on state a house in a way that never follows a date: «дом девять», «три корпус один»,
    «девять квартира сто два»."""
    after = next((number.end for number in numbers if number.first == at), at)
    if after + 1 >= len(words) or after == at:
        return after < len(words) and find_named_part(words, after) == "house"
    part = find_named_part(words, after)
    return part in ("building", "structure") or (part != "" and any(one.first == after + 1 for one in numbers))

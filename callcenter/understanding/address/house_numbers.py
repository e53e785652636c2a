"""Where the number of a house stands beside a name: «садовая дом пять», «на ленина в восьмом доме»."""

from collections.abc import Sequence

from callcenter.understanding.address.items import SLASHES, marker_of
from callcenter.understanding.numbers.numbers import Number, atom, is_hesitation, is_measured, is_unit, split_last
from callcenter.understanding.words import Word

PREPOSITIONS = frozenset({"на", "по", "с", "со", "от", "в", "во", "из", "около", "у", "возле", "до", "к", "ко"})


def house_after(words: Sequence[Word], at: int) -> tuple[int, bool]:
    """Where the number of a house begins after a name: past «дом», «из дома», «а не на ленина»; and whether «в» makes
    its word needed: «на ленина в восьмом доме», not «на ленина в восемь»."""
    needs_word = False
    while at < len(words):
        if words[at].text in ("в", "во", "из") and not needs_word:
            needs_word = True
        elif marker_of(words, at) == "house":
            needs_word = False
        elif [word.text for word in words[at : at + 2]] == ["а", "не"]:
            at = next((end for end in range(at + 3, min(at + 6, len(words))) if begins_house(words, end)), at + 2) - 1
        elif words[at].text == "не":  # «садовая не девять а семь», «павлова не академика дом четырнадцать»
            but = next((end for end in range(at + 2, min(at + 6, len(words))) if words[end].text == "а"), at)
            at += 1 if but == at and _is_negated_name(words, at + 1) else but - at
        elif not is_empty(words[at]):
            break
        at += 1
    return at, needs_word


def _is_negated_name(words: Sequence[Word], at: int) -> bool:
    """«не академика», «не нижняя», where the house follows at once."""
    named = (
        at + 1 < len(words)
        and words[at].has_part_of_speech("NOUN", "ADJF")
        and not words[at].has_part_of_speech("VERB", "PREP")
    )
    return named and atom(words[at].text) is None and marker_of(words, at) == "" and begins_house(words, at + 1)


def cuts_of(words: Sequence[Word], number: Number) -> tuple[tuple[str, ...], ...]:
    """The ways to cut a number; of «сто пятьдесят четыре часа» only the one without the hours."""
    if not is_measured(words, number):
        return number.segmentations
    parted = split_last(words, number)
    return parted[0].segmentations if parted is not None else ()


def goes_on(words: Sequence[Word], at: int) -> bool:
    """Whether the word stands between a house and its building or the end of its fraction."""
    return marker_of(words, at) in ("building", "structure") or words[at].text in SLASHES


def digits_from(words: Sequence[Word], numbers: Sequence[Number], at: int) -> str:
    """Single digits said in a row from a word on: «один три девять», not «три раза»."""
    digits = ""
    for number in numbers:
        if number.first == at and len(number.digits) == 1 and not number.ordinal:
            digits, at = digits + number.digits, number.end
    return "" if at < len(words) and is_unit(words[at]) else digits


def is_empty(word: Word) -> bool:
    return is_hesitation(word) or word.is_filler


def begins_house(words: Sequence[Word], at: int) -> bool:
    """Whether a house's word or a number follows, one that counts nothing: not «павлов третий день»."""
    while at < len(words) and is_empty(words[at]):
        at += 1
    end = at
    while end < len(words) and (words[end].is_number or atom(words[end].text) is not None):
        end += 1
    if end > at:
        return end == len(words) or not is_unit(words[end])
    return at < len(words) and marker_of(words, at) != ""


def names_part(words: Sequence[Word], at: int) -> bool:
    """«в первый корпус», «вторая парадная», «корпус один»: a part's word follows, its number before it or not."""
    while at < len(words) and (is_empty(words[at]) or words[at].text in PREPOSITIONS):
        at += 1
    while at < len(words) and (words[at].is_number or atom(words[at].text) is not None):
        at += 1
    return at < len(words) and marker_of(words, at) != ""


def says_house(words: Sequence[Word], at: int, numbers: Sequence[Number]) -> bool:
    """«дом девять», «три корпус один», «девять квартира сто два»: what no day is told with."""
    after = next((number.end for number in numbers if number.first == at), at)
    if after + 1 >= len(words) or after == at:
        return after < len(words) and marker_of(words, after) == "house"
    part = marker_of(words, after)
    return part in ("building", "structure") or (part != "" and any(one.first == after + 1 for one in numbers))

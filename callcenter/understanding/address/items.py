"""Splits an utterance into the items of an address: names, part words, numbers, letters, and the words that separate or
correct them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from callcenter.understanding.address.vocabulary import address_words
from callcenter.understanding.numbers.numbers import Number, is_measured, is_plural_adjective, parse_number_word
from callcenter.understanding.words import Word, agree, inflect_singular, similarity

_MIN_SIMILARITY = 0.82
"""Minimum similarity (0 to 1, `words.alike`) of a word that the dictionary lacks to a form of a part word. Raising it
loses misrecognized part words; lowering it takes other words for part words."""
_OWN_APARTMENT_WORDS = ("моя", "наша")


class ItemKind(StrEnum):
    """The kind of an item.

    CORRECTION takes back an earlier value («ой», «нет»), BUT contrasts («а», «то есть»), FILLER may stand between a
    part word and its number.
    """

    NAME = "name"
    PART_WORD = "marker"
    NUMBER = "number"
    LETTER = "letter"
    SLASH = "slash"
    CORRECTION = "cue"
    OR = "or"
    NOT = "not"
    BUT = "but"
    FILLER = "between"
    OTHER = "other"


SLASHES = ("дробь", "черта", "слэш", "слеш")
_KIND_BY_WORD = {
    **dict.fromkeys(SLASHES, ItemKind.SLASH),
    **dict.fromkeys(("а", "то", "есть"), ItemKind.BUT),
    "или": ItemKind.OR,
    "не": ItemKind.NOT,
}


_GENITIVE_NUMERALS = frozenset({"двух", "трех", "четырех", "обоих", "обеих"})
"""Genitive numerals that require a genitive plural noun: «двух ламп»."""


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of an utterance."""

    kind: ItemKind
    first: int
    end: int
    """The words of the item: `words[first:end]`; an empty range for a typed sign."""
    part: str = ""
    """The part of a part word (`house`, `building` ...), the letter of a letter, or the sign of a typed fraction."""
    number: Number | None = None
    has_unit: bool = False
    """True for a measured number (hours, people, degrees) and for a number of something else (a door code, a ticket):
    never part of an address."""
    may_be_count: bool = False
    """True when the number may count the noun after it («два лифта»): then it is part of an address only where a number
    is expected."""

    @property
    def is_quantity(self) -> bool:
        """Whether the number is, or may be, a quantity."""
        return self.has_unit or self.may_be_count


def read_items(words: Sequence[Word], numbers: Sequence[Number], names: Sequence[tuple[int, int]]) -> list[Item]:
    """The items of an utterance.

    `names` holds the spans `(first, end)` of the place names already found; numbers inside a name belong to the name.
    """
    starts = {number.first: number for number in numbers}
    spans = dict(names)
    items: list[Item] = []
    at = 0
    while at < len(words):
        if at in spans:
            items.append(Item(ItemKind.NAME, at, spans[at]))
            at = spans[at]
            continue
        if words[at].separator == "/" or (
            words[at].separator == "-" and words[at].is_attached and at in starts and items
        ):
            items.append(Item(ItemKind.SLASH, at, at, part=words[at].separator))
        number = starts.get(at) or _read_counting_one(words, at, items)
        if number is not None:
            measured = is_measured(words, number) or _is_foreign_number(words, number, items)
            counted = number.end not in spans and _may_be_count(words, number)
            items.append(Item(ItemKind.NUMBER, at, number.end, number=number, has_unit=measured, may_be_count=counted))
            at = number.end
            continue
        before = items[-1] if items else None
        if words[at].text in _OWN_APARTMENT_WORDS and _is_own_apartment_word(words, at, (starts, spans), before):
            items.append(Item(ItemKind.PART_WORD, at, at + 1, part="apartment"))
        else:
            items.append(_read_word(words, at, before))
        at += 1
    return items


def _read_counting_one(words: Sequence[Word], at: int, before: Sequence[Item]) -> Number | None:
    """Reads «раз» as 1 between a part word and the next part word or the end: «корпус раз квартира пять»; not
    «в подъезде раз в год»."""
    if words[at].text != "раз" or not before or before[-1].kind is not ItemKind.PART_WORD:
        return None
    if at + 1 < len(words) and not find_named_part(words, at + 1):
        return None
    return Number("1", at, at + 1, ordinal=False, typed=False, segmentations=(("1",),))


def find_named_part(words: Sequence[Word], at: int) -> str:
    """The address part that a word denotes; empty when the word is no part word.

    A plural denotes no part: «пять подъездов», «три квартиры».
    """
    word = words[at]
    for part, names in address_words()["abbreviations"].items():
        if word.text in names:
            return str(part)
    after = words[at + 1] if at + 1 < len(words) else None
    typed = (
        after is not None
        and after.is_number
        and (after.is_attached or after.separator.startswith(".") or word.text == "д")
    )
    spoken = after is not None and word.text == "к" and is_cardinal(after) and at > 0 and _is_numeral(words[at - 1])
    if typed or spoken:
        for part, names in address_words()["letters_for"].items():
            if word.text in names:
                return str(part)
    return _list_part_word_forms().get(word.text, "") or _find_similar_part_word(word)


def read_house_letter(words: Sequence[Word], at: int, *, after_letter_word: bool) -> str:
    """The house letter that a word after a house number denotes: «а», «бэ», `9а`; empty when it is an everyday word.

    `after_letter_word` tells that «литера» precedes the word. Otherwise a word that is also a preposition or a
    conjunction is a letter only when attached to the number, when last (except «и»), or before another number or part
    word.
    """
    letter = address_words()["letter_names"].get(words[at].text, "")
    if not letter or after_letter_word or words[at].is_attached:
        return str(letter)
    after = words[at + 1] if at + 1 < len(words) else None
    if words[at].text == "и":
        return ""  # «корпус первый и квартира восемь»
    if after is None:
        return str(letter)
    if words[at].text in ("в", "к"):
        return str(letter) if after.is_number or after.text in ("квартира", "парадная", "подъезд", "кв") else ""
    if words[at].text == "а" and not (_is_numeral(after) or find_named_part(words, at + 1)):
        return ""
    return str(letter)


def _read_word(words: Sequence[Word], at: int, before: Item | None) -> Item:
    word = words[at]
    part = "" if _is_unnumbered_part(words, at) else find_named_part(words, at)
    after_number = before is not None and before.kind in (ItemKind.NUMBER, ItemKind.SLASH)
    after_letter_word = before is not None and before.kind is ItemKind.PART_WORD and before.part == "letter"
    if not part and (after_number or after_letter_word):
        letter = read_house_letter(words, at, after_letter_word=after_letter_word)
        if letter:
            return Item(ItemKind.LETTER, at, at + 1, part=letter)
    if part:
        return Item(ItemKind.PART_WORD, at, at + 1, part=part)
    pair = (word.text, words[at + 1].text) if at + 1 < len(words) else None
    instead = at > 0 and words[at - 1].text == "а" and word.text in address_words()["cues"]["instead"]
    kind = (
        ItemKind.CORRECTION
        if instead or pair == ("в", "смысле")
        else ItemKind.FILLER
        if pair == ("по", "моему")
        else _classify_word(word)
    )
    return Item(kind, at, at + 1)


def _is_own_apartment_word(
    words: Sequence[Word], at: int, places: tuple[Mapping[int, Number], Mapping[int, int]], before: Item | None
) -> bool:
    """Whether «моя» or «наша» stands for «квартира»: «моя номер пятьдесят два», «наша сорок пятая»; not
    «заявка моя сорок пять», «моя вторая заявка».

    `places`: the numbers and the ends of the names, both keyed by their first word.
    """
    numbers, names = places
    after = at + 2 if [word.text for word in words[at + 1 : at + 2]] == ["номер"] else at + 1
    number = numbers.get(after)
    if number is None or (at and agree(words[at], words[at - 1])) or (before is not None and before.part):
        return False
    if number.end < len(words) and number.end not in names and is_quantity(words, number):
        return False
    return number.end == len(words) or find_named_part(words, number.end) in ("", "entrance", "floor")


def _is_unnumbered_part(words: Sequence[Word], at: int) -> bool:
    """Whether the number next to a part word is not its own: «код подъезда семнадцать» (a door code),
    «десять без корпуса»."""
    return at > 0 and (words[at - 1].text == "без" or words[at - 1].has_lemma(*address_words()["cues"]["code"]))


def _classify_word(word: Word) -> ItemKind:
    cues = address_words()["cues"]
    exact = _KIND_BY_WORD.get(word.text)
    if exact is not None:
        return exact
    if is_correction_word(word):
        return ItemKind.CORRECTION
    return ItemKind.FILLER if word.text in cues["between"] or word.is_filler else ItemKind.OTHER


def is_correction_word(word: Word) -> bool:
    """Whether the word takes back what was said before: «ой», «точнее»."""
    return word.text in address_words()["cues"]["correction"]


def is_quantity(words: Sequence[Word], number: Number) -> bool:
    """Whether a number is measured or may count the noun after it."""
    return is_measured(words, number) or _may_be_count(words, number)


def _is_foreign_number(words: Sequence[Word], number: Number, before: Sequence[Item]) -> bool:
    """Whether the number belongs to something other than an address: «минус второй этаж», «код сорок пять»,
    «заявка шесть ноль семь»."""
    cues = address_words()["cues"]
    for item in reversed(before):
        word = words[item.first]
        if word.text in cues["sign"] and item.end == number.first:
            return True
        if item.kind is ItemKind.NUMBER and item.number is not None and not item.number.ordinal and not number.ordinal:
            continue
        if number.ordinal or not (word.text == "номер" or word.has_lemma(*cues["code"], *cues["numbered"])):
            return False
        if word.text != "номер":
            return True
    return False


def _may_be_count(words: Sequence[Word], number: Number) -> bool:
    """Whether the number governs the form of the noun after it: «два лифта», «пять этажей», «вторая смена»,
    «один лифт»."""
    if [word.text for word in words[number.end : number.end + 1]] == ["из"]:
        return _is_partitive(words, number.end + 1)
    at = number.end + is_plural_adjective(words, number.end)
    if at >= len(words) or words[at].separator or parse_number_word(words[at].text):
        return False
    after = words[at]
    if not after.parses or after.parses[0].part_of_speech != "NOUN":
        return False
    if number.ordinal:
        return not find_named_part(words, at) and agree(
            words[number.end - 1], after
        )  # excludes «из второй соседка топит»
    last, teens = int(number.digits[-1]), number.digits[-2:-1] == "1"
    needed = "plur" if teens or last == 0 or last > 4 else "sing"
    if last == 1 and not teens:
        numbered = at + 1 < len(words) and find_named_part(words, at) and _is_numeral(words[at + 1])
        return not number.typed and not numbered and agree(words[number.end - 1], words[at])
    if words[number.end - 1].text in _GENITIVE_NUMERALS:
        needed = "plur"  # «нет двух ламп»
    letter = find_named_part(words, at) == "letter" and any("nomn" in form.grammemes for form in after.parses[:1])
    return not letter and any(  # excludes «пятьдесят четыре литера а»
        {"NOUN", "gent", needed} <= form.grammemes and "Fixd" not in form.grammemes for form in after.parses
    )


def is_position_in_row(words: Sequence[Word], marker: Item, number: Number) -> bool:
    """Whether an ordinal gives the position of a house in a row, not its number: «третий дом от угла»."""
    after = {word.text for word in words[marker.end : marker.end + 1]}
    return marker.part == "house" and number.ordinal and not after.isdisjoint(address_words()["cues"]["in_a_row"])


def _is_partitive(words: Sequence[Word], at: int) -> bool:
    """Whether a number or a genitive plural follows «из»: «три из четырёх», «один из лифтов»; not
    «три из крана капает»."""
    plural = at < len(words) and any(form.grammemes >= {"plur", "gent"} for form in words[at].parses)
    return at < len(words) and (plural or _is_numeral(words[at]))


def is_cardinal(word: Word) -> bool:
    """Whether the word is a nominative cardinal: «сто девять к два», not «к двум», «к третьему»."""
    said = parse_number_word(word.text)
    return said is not None and not said.ordinal and any("nomn" in form.grammemes for form in word.parses)


def _is_numeral(word: Word) -> bool:
    return word.is_number or parse_number_word(word.text) is not None


def _find_similar_part_word(word: Word) -> str:
    if word.in_dictionary or len(word.text) < 5:
        return ""
    best = max(_list_part_word_forms(), key=lambda form: similarity(word.text, form))
    return _list_part_word_forms()[best] if similarity(word.text, best) >= _MIN_SIMILARITY else ""


@cache
def _list_part_word_forms() -> Mapping[str, str]:
    """Every singular form of every part word, mapped to its part."""
    return {
        form: part
        for part, lemmas in address_words()["markers"].items()
        for lemma in lemmas
        for form in inflect_singular(lemma)
    }

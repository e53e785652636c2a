"""Assigns numbers to part words and names: «пятый подъезд квартира двенадцать второй этаж».

A part word may stand before or after its number, so part words compete for numbers. Each assignment has a cost, and the
cheapest one wins. The costs model how people speak; the house list is not used here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from callcenter.understanding.address.items import Item, ItemKind, is_position_in_row
from callcenter.understanding.numbers.numbers import Number
from callcenter.understanding.words import Word

MAX_NUMBER_BY_PART = {"house": 2000, "building": 99, "structure": 99, "entrance": 40, "floor": 60, "apartment": 3000}
"""The highest plausible number of each part."""
_ORDINAL_BEFORE_COST, _TYPED_BEFORE_COST, _CARDINAL_BEFORE_COST = 0.0, 0.3, 0.6
"""Cost of a number before its part word: «пятый подъезд», «12 кв», «пять этаж»."""
_CARDINAL_AFTER_COST, _ORDINAL_AFTER_COST, _ORDINAL_HOUSE_COST = 0.0, 0.3, 0.4
"""Cost of a number after its part word or name («квартира двенадцать», «этаж второй»); the last one for an ordinal
after a name. Raising a cost makes that reading rarer."""
_NO_NUMBER_COST, _NAME_WITHOUT_HOUSE_COST, _HOUSE_WITHOUT_NUMBER_COST = 1.5, 0.6, 0.8
"""Cost of a part word, of a name and of the word «дом» that gets no number."""
_SPLIT_NUMBER_COST = 1.2
"""Cost of splitting a number between two part words: «двадцать второй» between «квартира» and «этаж»."""
_TOO_HIGH_COST = 1.0
"""Extra cost of a number above HIGHEST, or of zero."""
_USED_NUMBER_COST = -0.25
"""Bonus for each assigned number, because people seldom say a number without a purpose."""
_HOUR_PREPOSITIONS = ("в", "к", "до", "с", "после", "около")
_COUNTED_HOUSE_PARTS = ("этаж", "подъезд", "парадная", "квартира", "корпус")
"""Parts that are counted to describe a house: «дом девять этажей»."""
_TAKEN_FROM_NAME_COST = 0.5
"""Extra cost of taking a cardinal from the street or the word «дом» right before it:
«линия четырнадцать квартира тридцать», «дом шестьдесят корпус»."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The number assigned to a part, with the items that it came from."""

    part: str
    digits: str
    number_index: int
    """Index of the number item."""
    claimant_index: int
    """Index of the item (a part word or a name) that claimed the number."""


@dataclass(frozen=True, slots=True)
class _PartialAssignment:
    cost: float
    claims: tuple[Claim, ...]
    taken: str = ""
    """Use of the number after the last claimant: empty, `whole`, or `shared` (only its first half)."""


def assign_numbers(words: Sequence[Word], items: Sequence[Item]) -> tuple[Claim, ...]:
    """The cheapest assignment of numbers to part words and names; a name claims a house number.

    Dynamic programming over the claimants from left to right: the cheapest partial assignment is kept for each use of
    the number after the last claimant (`_PartialAssignment.taken`).
    """
    claimants = [at for at, item in enumerate(items) if item.kind is ItemKind.NAME or _takes_number(item)]
    best = {"": _PartialAssignment(0.0, ())}
    last_after: int | None = None
    for at in claimants:
        before, after = _find_reachable_number(items, at, -1), _find_reachable_number(items, at, +1)
        following: dict[str, _PartialAssignment] = {}
        for choice in best.values():
            free = before is not None and not (before == last_after and choice.taken)
            for added in _list_extensions(words, items, (before if free else None, at, after), choice):
                if added.taken not in following or added.cost < following[added.taken].cost:
                    following[added.taken] = added
            if choice.taken == "shared" and before == last_after and before is not None:
                rest = _take_second_half(items, at, before, choice)
                if rest is not None and ("" not in following or rest.cost < following[""].cost):
                    following[""] = rest
        best, last_after = following, after
    whole = [choice for taken, choice in best.items() if taken != "shared"]
    return min(whole, key=lambda choice: choice.cost).claims


def _expects_house(item: Item) -> bool:
    return item.kind is ItemKind.NAME or item.part == "house"


def _takes_number(item: Item) -> bool:
    return item.kind is ItemKind.PART_WORD and item.part != "letter"


def _find_reachable_number(items: Sequence[Item], at: int, step: int) -> int | None:
    """Index of the number item next to a claimant (`step` -1 or +1), fillers skipped; None when there is none."""
    at += step
    while 0 <= at < len(items) and items[at].kind is ItemKind.FILLER:
        at += step
    return at if 0 <= at < len(items) and items[at].kind is ItemKind.NUMBER and not items[at].has_unit else None


def _list_extensions(
    words: Sequence[Word], items: Sequence[Item], places: tuple[int | None, int, int | None], choice: _PartialAssignment
) -> list[_PartialAssignment]:
    """The options of one claimant: no number, the number before it, the number after it, or only the first half of
    that.

    `places`: item indices of the number before, the claimant and the number after.
    """
    before, at, after = places
    item = items[at]
    part = "house" if item.kind is ItemKind.NAME else item.part
    if choice.taken == "shared":
        return []
    nothing = (
        _NAME_WITHOUT_HOUSE_COST
        if item.kind is ItemKind.NAME
        else _HOUSE_WITHOUT_NUMBER_COST
        if part == "house"
        else _NO_NUMBER_COST
    )
    ways = [_PartialAssignment(choice.cost + nothing, choice.claims)]
    fraction = before is not None and before > 0 and items[before - 1].kind is ItemKind.SLASH
    if (
        before is not None
        and item.kind is not ItemKind.NAME
        and not items[before].may_be_count
        and not (fraction and part in ("entrance", "floor", "apartment"))
    ):
        number = _number(items[before])
        if not (_is_ordinal_of_other if number.ordinal else _is_cardinal_count)(words, item, items[before]):
            cost = (
                _ORDINAL_BEFORE_COST
                if number.ordinal
                else _TYPED_BEFORE_COST
                if number.typed
                else _CARDINAL_BEFORE_COST
            )
            if not number.ordinal and before and _expects_house(items[before - 1]):
                cost += _TAKEN_FROM_NAME_COST
            ways.append(_add_claim(choice, cost, Claim(part, number.digits, before, at)))
    if after is not None and not _is_quantity_statement(words, item, items[after]):
        number = _number(items[after])
        cost = _CARDINAL_AFTER_COST
        if number.ordinal:
            cost = _ORDINAL_HOUSE_COST if item.kind is ItemKind.NAME else _ORDINAL_AFTER_COST
        ways.append(replace(_add_claim(choice, cost, Claim(part, number.digits, after, at)), taken="whole"))
        pair = next((cut for cut in number.segmentations if len(cut) == 2), None)
        if pair is not None:
            ways.append(
                replace(_add_claim(choice, _SPLIT_NUMBER_COST, Claim(part, pair[0], after, at)), taken="shared")
            )
    return ways


def _take_second_half(
    items: Sequence[Item], at: int, before: int, choice: _PartialAssignment
) -> _PartialAssignment | None:
    """Assigns the second half of an ordinal whose first half the previous claimant took."""
    pair = next(cut for cut in _number(items[before]).segmentations if len(cut) == 2)
    if items[at].kind is ItemKind.NAME or not _number(items[before]).ordinal:
        return None
    return _add_claim(choice, 0.0, Claim(items[at].part, pair[1], before, at))


def _add_claim(choice: _PartialAssignment, cost: float, claim: Claim) -> _PartialAssignment:
    if int(claim.digits) > MAX_NUMBER_BY_PART[claim.part] or int(claim.digits) == 0:
        cost += _TOO_HIGH_COST
    return _PartialAssignment(choice.cost + cost + _USED_NUMBER_COST, (*choice.claims, claim))


def _number(item: Item) -> Number:
    assert item.number is not None  # noqa: S101  (only number items are asked)
    return item.number


def _is_ordinal_of_other(words: Sequence[Word], marker: Item, item: Item) -> bool:
    """Whether the ordinal before a part word belongs to something else, a floor or a date: «на седьмом квартира горит»,
    «двадцать первого дом сдали»."""
    word, ending = words[marker.first], words[item.end - 1].text[-2:]
    if is_position_in_row(words, marker, _number(item)):
        return True
    if ending == "го":
        return "gent" not in _list_singular_cases(word)
    return (
        ending in ("ом", "ем")
        and word.parses[0].grammemes >= {"femn"}
        and bool(_list_singular_cases(word) & {"nomn", "accs"})
    )


def _is_cardinal_count(words: Sequence[Word], marker: Item, item: Item) -> bool:
    """Whether the cardinal before a part word is a count («две квартиры», «один подъезд») or an hour
    («в семь подъезд закрывают»), not its number («12 кв», «пять этаж»)."""
    word, number = words[marker.first], _number(item)
    hour = item.first > 0 and words[item.first - 1].text in _HOUR_PREPOSITIONS and number.value <= 24
    if hour and "nomn" in _list_singular_cases(word):
        return True
    if number.typed and number.digits[-1] == "1":
        return False
    if number.digits[-1] == "1" and number.digits[-2:] != "11":
        return True
    return "gent" in _list_singular_cases(word) and "nomn" not in _list_singular_cases(word)


def _list_singular_cases(word: Word) -> frozenset[str]:
    """The grammemes of the singular parses of a part word, among them its possible cases."""
    return frozenset[str]().union(*(form.grammemes for form in word.parses if "sing" in form.grammemes))


def _is_priced_or_counted(words: Sequence[Word], claimant: Item, item: Item) -> bool:
    """Whether the number is a price («за квартиру двадцать за дом сто») or a count
    («квартир в подъезде тридцать шесть»)."""
    before, after = words[max(claimant.first - 1, 0)].text, [word.text for word in words[item.end : item.end + 1]]
    if before == "за" and after == ["за"]:
        return True
    counted = words[claimant.first - 2].parses[:1] if claimant.first > 1 else ()
    inside = before in ("в", "на") and item.first == claimant.end and not _number(item).ordinal
    return inside and any(form.grammemes >= {"NOUN", "gent", "plur"} for form in counted)


def _is_quantity_statement(words: Sequence[Word], claimant: Item, item: Item) -> bool:
    """Whether the number after a claimant is a quantity, not its number: «квартира одна», «в доме два лифта»,
    «на этаже четыре квартиры»."""
    alone = item.end - item.first == 1
    if words[item.first].text in ("одна", "одни", "одной", "одну") and alone:
        return True
    if claimant.kind is not ItemKind.PART_WORD or _is_priced_or_counted(words, claimant, item):
        return claimant.kind is ItemKind.PART_WORD
    named = "nomn" in _list_singular_cases(words[claimant.first])
    after = words[item.end] if item.end < len(words) else None
    between = {word.text for word in words[claimant.end : item.first]}
    if words[item.first].text == "один" and alone and between & {"у", "сейчас"}:
        return True  # «подъезд у нас один»
    if words[item.first].text == "один" and alone and not named:  # «я в квартире один», «в подъезде один не дышит»
        someone = after is not None and (after.text == "не" or after.has_part_of_speech("VERB"))
        return item.may_be_count or someone or claimant.part == "apartment"
    return item.may_be_count and (not named or (after is not None and after.has_lemma(*_COUNTED_HOUSE_PARTS)))

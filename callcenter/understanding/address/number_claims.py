"""Which number belongs to which word of an address: «пятый подъезд квартира двенадцать второй этаж».

A part's word may stand before or after its number, so words and numbers compete. Each way to share the numbers out has
a cost, and the cheapest way is taken; the costs say how people speak, not what is on the list.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from callcenter.understanding.address.items import Item, Kind, is_in_a_row
from callcenter.understanding.numbers.numbers import Number
from callcenter.understanding.words import Word

HIGHEST = {"house": 2000, "building": 99, "structure": 99, "entrance": 40, "floor": 60, "apartment": 3000}
_ORDINAL_BEFORE, _TYPED_BEFORE, _CARDINAL_BEFORE = 0.0, 0.3, 0.6
_CARDINAL_AFTER, _ORDINAL_AFTER, _ORDINAL_HOUSE = 0.0, 0.3, 0.4
_NO_NUMBER, _NO_HOUSE, _NO_HOUSE_NUMBER = 1.5, 0.6, 0.8
_SHARED = 1.2
"""Cutting «двадцать второй» between «квартира» and «этаж»."""
_TOO_HIGH = 1.0
_USED = -0.25
"""Every number that finds its place: people seldom say one for nothing."""
_BEFORE_HOURS = ("в", "к", "до", "с", "после", "около")
_OF_A_HOUSE = ("этаж", "подъезд", "парадная", "квартира", "корпус")
"""What a house is told to have so many of: «дом девять этажей»."""
_FROM_NAME = 0.5
"""Taking a cardinal away from the street or the house that it directly follows: «линия четырнадцать квартира тридцать»,
«дом шестьдесят корпус»."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A part's number: its digits, the item that claimed it and the item it came from."""

    part: str
    digits: str
    at: int
    """Index of the number's item."""
    by: int
    """Index of the word or the name that claimed it."""


@dataclass(frozen=True, slots=True)
class _Choice:
    cost: float
    claims: tuple[Claim, ...]
    taken: str = ""
    """What the last claimant did with the number after it: empty, `whole` or `shared`."""


def share_numbers(words: Sequence[Word], items: Sequence[Item]) -> tuple[Claim, ...]:
    """The cheapest sharing of the numbers among the part words and the names (a name claims a house)."""
    claimants = [at for at, item in enumerate(items) if item.kind is Kind.NAME or _takes_number(item)]
    best = {"": _Choice(0.0, ())}
    last_after: int | None = None
    for at in claimants:
        before, after = _reach(items, at, -1), _reach(items, at, +1)
        following: dict[str, _Choice] = {}
        for choice in best.values():
            free = before is not None and not (before == last_after and choice.taken)
            for added in _ways(words, items, (before if free else None, at, after), choice):
                if added.taken not in following or added.cost < following[added.taken].cost:
                    following[added.taken] = added
            if choice.taken == "shared" and before == last_after and before is not None:
                rest = _take_rest(items, at, before, choice)
                if rest is not None and ("" not in following or rest.cost < following[""].cost):
                    following[""] = rest
        best, last_after = following, after
    whole = [choice for taken, choice in best.items() if taken != "shared"]
    return min(whole, key=lambda choice: choice.cost).claims


def _waits_for_house(item: Item) -> bool:
    return item.kind is Kind.NAME or item.part == "house"


def _takes_number(item: Item) -> bool:
    return item.kind is Kind.MARKER and item.part != "letter"


def _reach(items: Sequence[Item], at: int, step: int) -> int | None:
    """The number that a claimant can reach on one side: nothing but empty words between."""
    at += step
    while 0 <= at < len(items) and items[at].kind is Kind.BETWEEN:
        at += step
    return at if 0 <= at < len(items) and items[at].kind is Kind.NUMBER and not items[at].measured else None


def _ways(
    words: Sequence[Word], items: Sequence[Item], places: tuple[int | None, int, int | None], choice: _Choice
) -> list[_Choice]:
    """What a claimant may do: nothing, or take the number before or after it, whole or its first half."""
    before, at, after = places
    item = items[at]
    part = "house" if item.kind is Kind.NAME else item.part
    if choice.taken == "shared":
        return []
    nothing = _NO_HOUSE if item.kind is Kind.NAME else _NO_HOUSE_NUMBER if part == "house" else _NO_NUMBER
    ways = [_Choice(choice.cost + nothing, choice.claims)]
    fraction = before is not None and before > 0 and items[before - 1].kind is Kind.SLASH
    if (
        before is not None
        and item.kind is not Kind.NAME
        and not items[before].counted
        and not (fraction and part in ("entrance", "floor", "apartment"))
    ):
        number = _number(items[before])
        if not (_is_other if number.ordinal else _is_count)(words, item, items[before]):
            cost = _ORDINAL_BEFORE if number.ordinal else _TYPED_BEFORE if number.typed else _CARDINAL_BEFORE
            if not number.ordinal and before and _waits_for_house(items[before - 1]):
                cost += _FROM_NAME
            ways.append(_with(choice, cost, Claim(part, number.digits, before, at)))
    if after is not None and not _tells_how_many(words, item, items[after]):
        number = _number(items[after])
        cost = _CARDINAL_AFTER
        if number.ordinal:
            cost = _ORDINAL_HOUSE if item.kind is Kind.NAME else _ORDINAL_AFTER
        ways.append(replace(_with(choice, cost, Claim(part, number.digits, after, at)), taken="whole"))
        pair = next((cut for cut in number.cuts if len(cut) == 2), None)
        if pair is not None:
            ways.append(replace(_with(choice, _SHARED, Claim(part, pair[0], after, at)), taken="shared"))
    return ways


def _take_rest(items: Sequence[Item], at: int, before: int, choice: _Choice) -> _Choice | None:
    """The second half of a number whose first half the claimant before it took."""
    pair = next(cut for cut in _number(items[before]).cuts if len(cut) == 2)
    if items[at].kind is Kind.NAME or not _number(items[before]).ordinal:
        return None
    return _with(choice, 0.0, Claim(items[at].part, pair[1], before, at))


def _with(choice: _Choice, cost: float, claim: Claim) -> _Choice:
    if int(claim.digits) > HIGHEST[claim.part] or int(claim.digits) == 0:
        cost += _TOO_HIGH
    return _Choice(choice.cost + cost + _USED, (*choice.claims, claim))


def _number(item: Item) -> Number:
    assert item.number is not None  # noqa: S101  (only number items are asked)
    return item.number


def _is_other(words: Sequence[Word], marker: Item, item: Item) -> bool:
    """«на седьмом квартира горит», «двадцать первого дом сдали»: of a floor and of a day, not of what follows."""
    word, ending = words[marker.first], words[item.end - 1].text[-2:]
    if is_in_a_row(words, marker, _number(item)):
        return True
    if ending == "го":
        return "gent" not in _cases(word)
    return ending in ("ом", "ем") and word.forms[0].marks >= {"femn"} and bool(_cases(word) & {"nomn", "accs"})


def _is_count(words: Sequence[Word], marker: Item, item: Item) -> bool:
    """«две квартиры», «один подъезд» count, «в семь подъезд закрывают» is an hour; «12 кв», «пять этаж» name."""
    word, number = words[marker.first], _number(item)
    hour = item.first > 0 and words[item.first - 1].text in _BEFORE_HOURS and number.value <= 24
    if hour and "nomn" in _cases(word):
        return True
    if number.typed and number.digits[-1] == "1":
        return False
    if number.digits[-1] == "1" and number.digits[-2:] != "11":
        return True
    return "gent" in _cases(word) and "nomn" not in _cases(word)


def _cases(word: Word) -> frozenset[str]:
    """The cases a part's word may stand in, as a singular."""
    return frozenset[str]().union(*(form.marks for form in word.forms if "sing" in form.marks))


def _is_priced_or_counted(words: Sequence[Word], claimant: Item, item: Item) -> bool:
    """«за квартиру двадцать за дом сто», «квартир в подъезде тридцать шесть»."""
    before, after = words[max(claimant.first - 1, 0)].text, [word.text for word in words[item.end : item.end + 1]]
    if before == "за" and after == ["за"]:
        return True
    counted = words[claimant.first - 2].forms[:1] if claimant.first > 1 else ()
    inside = before in ("в", "на") and item.first == claimant.end and not _number(item).ordinal
    return inside and any(form.marks >= {"NOUN", "gent", "plur"} for form in counted)


def _tells_how_many(words: Sequence[Word], claimant: Item, item: Item) -> bool:
    """«квартира одна», «в доме два лифта», «на этаже четыре квартиры»: no part's number."""
    alone = item.end - item.first == 1
    if words[item.first].text in ("одна", "одни", "одной", "одну") and alone:
        return True
    if claimant.kind is not Kind.MARKER or _is_priced_or_counted(words, claimant, item):
        return claimant.kind is Kind.MARKER
    named = "nomn" in _cases(words[claimant.first])
    after = words[item.end] if item.end < len(words) else None
    between = {word.text for word in words[claimant.end : item.first]}
    if words[item.first].text == "один" and alone and between & {"у", "сейчас"}:
        return True  # «подъезд у нас один»
    if words[item.first].text == "один" and alone and not named:  # «я в квартире один», «в подъезде один не дышит»
        someone = after is not None and (after.text == "не" or after.may_be("VERB"))
        return item.counted or someone or claimant.part == "apartment"
    return item.counted and (not named or (after is not None and after.has(*_OF_A_HOUSE)))

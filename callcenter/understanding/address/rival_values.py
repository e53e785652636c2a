"""Chooses the caller's own value when a part has several, and reads ordinals without a part word.

«во втором подъезде свет есть, а у нас в третьем нет»: «третьем» is an entrance, although the word is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from callcenter.houses.houses import House
from callcenter.understanding.address.address import PARTS, may_have
from callcenter.understanding.address.items import Item, ItemKind
from callcenter.understanding.address.number_claims import MAX_NUMBER_BY_PART, Claim
from callcenter.understanding.address.ownership import (
    BUT,
    Ownership,
    comes_from_others,
    find_callers_own,
    find_statement_start,
    is_contrasted,
    is_movement_endpoint,
    preposition_before,
    rank_ownership,
)  # fmt: skip
from callcenter.understanding.numbers.numbers import parse_number_word
from callcenter.understanding.words import Word, agree

_INNER_PARTS = ("entrance", "floor", "apartment")
_NUMBERED_PARTS = ("house", "building", "structure", *_INNER_PARTS)
_OR_WORDS = {"или", "либо", "ли"}
_PLACE_PREPOSITIONS = ("в", "во", "на", "из", "с", "со")


@dataclass(frozen=True, slots=True)
class BareOrdinal:
    """An ordinal that no noun follows."""

    item_index: int
    """Index of the number item."""
    digits: str
    feminine: bool
    masculine: bool
    preposition: str
    """The preposition or owner word before the ordinal (`preposition_before`); empty when there is none."""
    is_locative: bool
    """Whether «на» and a locative form stand together: «на первой»; not «льётся на нашу первую»."""

    @property
    def is_apartment(self) -> bool:
        """Whether the ordinal may be an apartment: feminine, and not locative («на первой» may be a floor or «линия»).

        A form that is masculine as well needs a preposition other than «на»: «во второй», not «второй», which may be an
        entrance or a lift, nor «на второй».
        """
        if self.preposition in ("", "на") and self.masculine:
            return False
        return self.feminine and not self.is_locative


def bare_ordinals(words: Sequence[Word], items: Sequence[Item]) -> list[BareOrdinal]:
    """The spoken ordinals that no noun follows, claimed ones included."""
    found = []
    for at, item in enumerate(items):
        number = item.number
        if number is None or item.is_quantity or not number.ordinal or number.typed:
            continue
        last = words[number.end - 1]
        if number.end < len(words) and _is_governed_noun(last, words[number.end]):
            continue
        if _is_one_of_two(words, item):
            continue
        before = preposition_before(words, item.first)
        marks = {mark for form in last.parses for mark in form.grammemes}
        located = words[item.first - 1].text == "на" and "loct" in marks if item.first else False
        found.append(BareOrdinal(at, number.digits, "femn" in marks, "masc" in marks, before, located))
    return found


def _is_one_of_two(words: Sequence[Word], item: Item) -> bool:
    """Whether the ordinal is one of two alternatives: «вторая или третья», «на пятом и на шестом»."""
    before, after = item.first - 1, item.end
    while before > 0 and words[before].text in _PLACE_PREPOSITIONS:
        before -= 1
    and_after = [word.text for word in words[after : after + 1]] == ["и"] and any(
        parse_number_word(word.text) is not None for word in words[after + 1 : after + 3]
    )
    and_before = before > 0 and words[before].text == "и" and parse_number_word(words[before - 1].text) is not None
    alternative = {word.text for word in (*words[max(before, 0) : before + 1], *words[after : after + 1])} & _OR_WORDS
    return and_after or and_before or bool(alternative)


def _is_governed_noun(ordinal: Word, after: Word) -> bool:
    return any(form.part_of_speech in ("NOUN", "ADJF") for form in after.parses[:1]) and agree(ordinal, after)


def choose_own(
    words: Sequence[Word], items: Sequence[Item], claims: Sequence[Claim], candidate_houses: Sequence[House]
) -> tuple[list[Claim], set[int]]:
    """The claims on the caller's own place, and the indices of the items that belong to other places.

    A bare ordinal of the caller's own place becomes a claim: «а сам я из девятнадцатой».
    """
    said = [claim for claim in claims if claim.part in _NUMBERED_PARTS]
    if not said:
        return [*claims], set()
    taken = {claim.number_index for claim in claims}
    bare = [one for one in bare_ordinals(words, items) if one.item_index not in taken]
    added = [claim for one in bare if (claim := _make_claim(words, items, said, one, candidate_houses)) is not None]
    left, others = [*claims], set[int]()
    for part in _NUMBERED_PARTS:
        rivals = sorted(
            (one for one in (*said, *added) if one.part == part), key=lambda one: items[one.number_index].first
        )
        if len({one.digits for one in rivals}) < 2 or all(one in added for one in rivals):
            continue
        spans = [_get_word_span(items, one) for one in rivals]
        own = find_callers_own(words, spans)
        if len({rivals[at].digits for at in own}) > 1:
            if any(
                rivals[at] in added and rank_ownership(words, spans[at], spans[at - 1][1]) > Ownership.UNMARKED
                for at in own[1:]
            ):
                # no value is certain: «у подруги в девятом доме есть, а у меня в пятом нет»
                others |= {one.number_index for one in rivals}
            continue
        chosen = own[0]
        if rivals[chosen] in added:
            left.append(rivals[chosen])
        for at, (first, _) in enumerate(spans):
            if at not in own:
                end = _find_statement_end(words, spans, at, chosen)
                within = (one for one in (*said, *added) if first <= items[one.number_index].first < end)
                others |= {one.number_index for one in within if PARTS.index(one.part) >= PARTS.index(part)}
    others |= {
        one.number_index for one in said
        if (one.part in _INNER_PARTS and comes_from_others(words, _get_word_span(items, one)[0]))
        or (one.part == "floor" and is_movement_endpoint(words, _get_word_span(items, one)[0]))
    }  # fmt: skip
    return sorted(
        (one for one in left if one.number_index not in others), key=lambda one: items[one.number_index].first
    ), others


def drop_other_peoples_places(
    words: Sequence[Word], items: Sequence[Item], places: Sequence[tuple[tuple[int, int], tuple[House, ...]]]
) -> list[Item]:
    """The items with other people's places, and the numbers said about them, replaced by OTHER.

    `places`: the spans of the streets and complexes, with their houses, in word order. Nothing is replaced when own
    places with different houses remain.
    """
    spans = [span for span, _ in places]
    own = find_callers_own(words, spans)
    chosen = own[0]
    if any(houses != places[chosen][1] for houses in (places[at][1] for at in own)):
        return [*items]
    left = [*items]
    for at, (first, _) in enumerate(spans):
        if at in own or not {*places[at][1]}.isdisjoint(places[chosen][1]):
            continue
        begin = min(first, find_statement_start(words, first, spans[at - 1][1] if at else 0))
        end = _find_statement_end(words, spans, at, chosen)
        left = [Item(ItemKind.OTHER, one.first, one.end) if begin <= one.first < end else one for one in left]
    return left


def _find_statement_end(words: Sequence[Word], spans: Sequence[tuple[int, int]], at: int, chosen: int) -> int:
    """Index where the statement about another person's place ends."""
    if at < chosen:
        return find_statement_start(words, spans[chosen][0], spans[at][1])
    return next((place for place in range(spans[at][1], len(words)) if words[place].text in BUT), len(words))


def _get_word_span(items: Sequence[Item], claim: Claim) -> tuple[int, int]:
    one, other = items[claim.number_index], items[claim.claimant_index]
    if other.kind is ItemKind.NAME:
        return one.first, one.end
    return min(one.first, other.first), max(one.end, other.end)


def _make_claim(
    words: Sequence[Word], items: Sequence[Item], said: Sequence[Claim], one: BareOrdinal, near: Sequence[House]
) -> Claim | None:
    """A claim for a bare ordinal. The part is that of an earlier claim that the ordinal contrasts with and agrees with
    in gender: «во втором подъезде …, а у нас в третьем»; else an apartment. None when neither fits."""
    number = items[one.item_index]
    before = [
        claim
        for claim in said
        if items[claim.number_index].first < number.first and items[claim.claimant_index].kind is ItemKind.PART_WORD
    ]
    for claim in reversed(before) if one.preposition else ():
        marks = {mark for form in words[items[claim.claimant_index].first].parses[:1] for mark in form.grammemes}
        same = ("femn" in marks and one.feminine) or ("masc" in marks and one.masculine)
        if not same or (claim.part == "floor") != (one.preposition == "на" and not one.feminine):
            continue
        set_against = (
            is_contrasted(words, number.first, _get_word_span(items, claim)[1])
            or rank_ownership(words, _get_word_span(items, claim)) < Ownership.UNMARKED
        )
        if set_against and may_exist(near, claim.part, one.digits):
            return Claim(claim.part, one.digits, one.item_index, one.item_index)
    return Claim("apartment", one.digits, one.item_index, one.item_index) if one.is_apartment else None


def may_exist(candidate_houses: Sequence[House], part: str, digits: str) -> bool:
    """Whether a candidate house may have this number of a part; without candidates only the range is checked."""
    value = int(digits)
    return 0 < value <= MAX_NUMBER_BY_PART[part] and (
        not candidate_houses or any(may_have(house, part, value) for house in candidate_houses)
    )

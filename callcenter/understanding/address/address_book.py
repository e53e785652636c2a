"""Finds addresses of the company's house list in utterances.

`Understanding` and the dialogue's interpreter call it; the other modules of this package are its steps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from callcenter.houses.houses import House, Houses
from callcenter.understanding.address.address import DEPENDENT_PARTS, Address, AddressDoubt, AddressPart, resolve
from callcenter.understanding.address.items import Item, ItemKind, find_named_part, is_quantity, read_items
from callcenter.understanding.address.name_mentions import NameMentions
from callcenter.understanding.address.names import Mention
from callcenter.understanding.address.number_claims import MAX_NUMBER_BY_PART
from callcenter.understanding.address.ownership import is_contrasted
from callcenter.understanding.address.reading import Reading, bases_of
from callcenter.understanding.address.rival_values import drop_other_peoples_places
from callcenter.understanding.address.short_replies import choose_kept, only_corrects, read_short_answer
from callcenter.understanding.address.spelled_names import join_spelled
from callcenter.understanding.corrections import apply_corrections
from callcenter.understanding.numbers.numbers import Number, find_numbers, split_last
from callcenter.understanding.words import Word


class AddressBook:
    """The house list indexed for address search. The constructor reads dictionaries from disk; a search reads no
    files."""

    def __init__(self, houses: Houses) -> None:
        self.houses = houses
        self._place_names = NameMentions(houses)

    def __repr__(self) -> str:
        return f"AddressBook({len(self.houses.all)} houses)"

    def find_address(self, words: Sequence[Word], *, asked_part: str = "", known: Address | None = None) -> Address:
        """The address said in an utterance; an empty address when none is said.

        `asked_part` is the part of the preceding question: a bare number or name answers it. `known`, the address from
        earlier utterances, only helps to read this one; its parts are not in the result (see `merge_reply`).
        """
        words = join_spelled(words)
        numbers = find_numbers(words)
        mentions, doubts = self._place_names.find_places(words, numbers, asked_part=asked_part)
        told = bool(numbers or mentions or doubts or asked_part)
        if not told and all(find_named_part(words, at) != "letter" for at in range(len(words))):
            return Address()  # the early exit for most utterances
        spans = [(mention.first, mention.end) for mention in mentions]
        inside = {at for first, end in spans for at in range(first, end)}
        free = [number for number in numbers if number.first not in inside]
        items = read_items(words, self._split_quantities(words, free, mentions), spans)
        items, pairs = apply_corrections(words, items)
        mentions = _keep_remaining(items, mentions)
        settlements = [one for one in mentions if self._place_names.get_part(one.name) == "settlement"]
        rivals = [one for one in settlements if self._is_contrasted_settlement(words, one, mentions)]
        places = [
            ((one.first, one.end), self._place_names.list_houses(one.name))
            for one in mentions
            if one not in settlements or one in rivals
        ]
        if len(places) > 1:
            items = drop_other_peoples_places(words, items, places)
            mentions = _keep_remaining(items, mentions)
        if len(mentions) > 1 and any(one in mentions for one in rivals):  # the caller's place is undecided
            said = [" ".join(word.text for word in words[one.first : one.end]) for one in mentions]
            parts = [self._place_names.get_part(one.name) for one in mentions]
            doubts = [
                *doubts,
                *(AddressDoubt("contradictory", part, (), one) for part, one in zip(parts, said, strict=True)),
            ]
        if asked_part in MAX_NUMBER_BY_PART and not any(
            item.kind is ItemKind.PART_WORD and item.part == asked_part for item in items
        ):
            items.insert(_find_asked_position(words, items), Item(ItemKind.PART_WORD, 0, 0, part=asked_part))
        reading = Reading(words, items, list(doubts))
        self._add_places(reading, mentions)
        reading.parse(self._list_candidate_houses(reading, known), pairs, address_known=bool(known))
        if any(doubt.kind == "unknown" for doubt in doubts) and "complex" not in reading.parts:
            return Address(doubts=tuple(doubts))  # the numbers belong to a house that is not the company's
        return resolve(self.houses.all, reading.parts, reading.doubts)

    def merge_reply(self, address: Address, words: Sequence[Word], *, asked_part: str = "") -> Address:
        """The known address after a reply: the parts said replace the known values.

        A new street voids the known house and apartment, a new house voids its building and apartment
        (`DEPENDENT_PARTS`). A
        voided value is kept when the reply says it again, or when the reply only corrects one part and the house list
        has the rest there.
        """
        said = self.find_address(words, asked_part=asked_part, known=address)
        answer = read_short_answer(address, words, asked_part) if asked_part not in said.parts else None
        if answer is not None:
            said = replace(said, parts={asked_part: answer})
        parts, void = dict(address.parts), dict[str, AddressPart]()
        for name, part in said.parts.items():
            if name in parts and parts[name].value != part.value:
                void |= {below: parts.pop(below) for below in DEPENDENT_PARTS.get(name, ()) if below in parts}
            parts[name] = part
        if void and only_corrects(said, words):
            parts |= choose_kept(self.houses.all, parts, void)
        kept = [doubt for doubt in said.doubts if doubt.part not in said.parts or doubt.kind != "contradictory"]
        own = [doubt for doubt in said.doubts if doubt in kept and not self._raised_by_list(doubt, said)]
        return resolve(self.houses.all, parts, own)

    def _raised_by_list(self, doubt: AddressDoubt, said: Address) -> bool:
        """Whether `resolve` raised the doubt. Such a doubt is dropped: `resolve` raises it again, if it still holds,
        together with the parts known before."""
        return doubt in resolve(self.houses.all, said.parts, ()).doubts

    def _split_quantities(
        self, words: Sequence[Word], numbers: Iterable[Number], mentions: Sequence[Mention]
    ) -> list[Number]:
        """The numbers, with the house number after a street split from a count:
        «энгельса сто пятьдесят | четыре подъезда»."""
        parted: list[Number] = []
        for number in numbers:
            street = next((one for one in mentions if one.end == number.first), None)
            halves = split_last(words, number) if street is not None and is_quantity(words, number) else None
            if street is not None and halves is not None:
                bases = bases_of(self._place_names.list_houses(street.name))
                if number.digits not in bases and halves[0].digits in bases:
                    parted += halves
                    continue
            parted.append(number)
        return parted

    def _is_contrasted_settlement(
        self, words: Sequence[Word], settlement: Mention, mentions: Sequence[Mention]
    ) -> bool:
        """Whether every other place named lies outside the settlement and is contrasted with it:
        «дача в бору, а я на савушкина»."""
        houses = {*self._place_names.list_houses(settlement.name)}
        others = [one for one in mentions if one is not settlement]
        return others != [] and all(
            is_contrasted(words, one.first, settlement.end)
            and houses.isdisjoint(self._place_names.list_houses(one.name))
            for one in others
        )

    def _add_places(self, reading: Reading, mentions: Iterable[Mention]) -> None:
        for mention in mentions:
            at = next(
                at
                for at, item in enumerate(reading.items)
                if item.first == mention.first and item.kind is ItemKind.NAME
            )
            reading.set_part(
                self._place_names.get_part(mention.name), self._place_names.get_official_name(mention.name), at
            )

    def _list_candidate_houses(self, reading: Reading, known: Address | None) -> tuple[House, ...]:
        """The houses of the street, complex or settlement in the utterance, else those of the known address; empty when
        there are none."""
        named = {name: part for name, part in reading.parts.items() if name in ("settlement", "street", "complex")}
        if named:
            return resolve(self.houses.all, named, ()).houses
        return known.houses if known is not None else ()


def _keep_remaining(items: Sequence[Item], mentions: Iterable[Mention]) -> list[Mention]:
    left = {item.first for item in items if item.kind is ItemKind.NAME}
    return [mention for mention in mentions if mention.first in left]


def _find_asked_position(words: Sequence[Word], items: Sequence[Item]) -> int:
    """The index of the item before which the unspoken word of the asked part is inserted: «(квартира) в седьмом»,
    «ой нет (квартира) двенадцать»."""
    for at, item in enumerate(items):
        if item.number is not None:
            placed = words[item.first - 1].text in ("в", "во", "на", "из") if item.first else False
            return 0 if placed and not item.number.ordinal else at
        if item.kind not in (ItemKind.FILLER, ItemKind.CORRECTION) and not words[item.first].has_part_of_speech("PREP"):
            return 0
    return 0

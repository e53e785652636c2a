"""Finding addresses of the company's list in what is said."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from callcenter.houses.houses import House, Houses
from callcenter.understanding.address.address import BELOW, Address, AddressDoubt, AddressPart, resolve
from callcenter.understanding.address.items import Item, ItemKind, is_quantity, marker_of, read_items
from callcenter.understanding.address.name_mentions import NameMentions
from callcenter.understanding.address.names import Mention
from callcenter.understanding.address.number_claims import HIGHEST
from callcenter.understanding.address.ownership import is_contrasted
from callcenter.understanding.address.reading import Reading, bases_of
from callcenter.understanding.address.rival_values import drop_others
from callcenter.understanding.address.short_replies import choose_kept, only_corrects, read_short_answer
from callcenter.understanding.address.spelled_names import join_spelled
from callcenter.understanding.corrections import take_back
from callcenter.understanding.numbers.numbers import Number, find_numbers, split_last
from callcenter.understanding.words import Word


class AddressBook:
    """The house list made ready for listening. Building it reads dictionaries; finding reads nothing."""

    def __init__(self, houses: Houses) -> None:
        self.houses = houses
        self._place_names = NameMentions(houses)

    def __repr__(self) -> str:
        return f"AddressBook({len(self.houses.all)} houses)"

    def find_address(self, words: Sequence[Word], *, asked_part: str = "", known: Address | None = None) -> Address:
        """The address in a line.

        `asked_part` is the part a question was just about: a bare number or name answers it. `known` helps to read
        the line, nothing of it is in the answer: see `merge_reply`.
        """
        words = join_spelled(words)
        numbers = find_numbers(words)
        mentions, doubts = self._place_names.find_places(words, numbers, asked_part=asked_part)
        told = bool(numbers or mentions or doubts or asked_part)
        if not told and all(marker_of(words, at) != "letter" for at in range(len(words))):
            return Address()  # most lines: nothing to put together
        spans = [(mention.first, mention.end) for mention in mentions]
        inside = {at for first, end in spans for at in range(first, end)}
        free = [number for number in numbers if number.first not in inside]
        items = read_items(words, self._split_quantities(words, free, mentions), spans)
        items, pairs = take_back(words, items)
        mentions = _keep_remaining(items, mentions)
        settlements = [one for one in mentions if self._place_names.get_part(one.name) == "settlement"]
        rivals = [one for one in settlements if self._is_contrasted_settlement(words, one, mentions)]
        places = [
            ((one.first, one.end), self._place_names.list_houses(one.name))
            for one in mentions
            if one not in settlements or one in rivals
        ]
        if len(places) > 1:
            items = drop_others(words, items, places)
            mentions = _keep_remaining(items, mentions)
        if len(mentions) > 1 and any(one in mentions for one in rivals):  # nothing tells which is the caller's
            said = [" ".join(word.text for word in words[one.first : one.end]) for one in mentions]
            parts = [self._place_names.get_part(one.name) for one in mentions]
            doubts = [
                *doubts,
                *(AddressDoubt("contradictory", part, (), one) for part, one in zip(parts, said, strict=True)),
            ]
        if asked_part in HIGHEST and not any(
            item.kind is ItemKind.PART_WORD and item.part == asked_part for item in items
        ):
            items.insert(_find_asked_position(words, items), Item(ItemKind.PART_WORD, 0, 0, part=asked_part))
        reading = Reading(words, items, list(doubts))
        self._add_places(reading, mentions)
        reading.parse(self._list_candidate_houses(reading, known), pairs, address_known=bool(known))
        if any(doubt.kind == "unknown" for doubt in doubts) and "complex" not in reading.parts:
            return Address(doubts=tuple(doubts))  # the numbers are those of a stranger's house
        return resolve(self.houses.all, reading.parts, reading.doubts)

    def merge_reply(self, address: Address, words: Sequence[Word], *, asked_part: str = "") -> Address:
        """What is known after a reply: its parts go in, and replace what they contradict.

        A new street makes house and flat void, a new house its building and flat, unless the reply says them too, or
        only corrects the one and the list has the rest there.
        """
        said = self.find_address(words, asked_part=asked_part, known=address)
        answer = read_short_answer(address, words, asked_part) if asked_part not in said.parts else None
        if answer is not None:
            said = replace(said, parts={asked_part: answer})
        parts, void = dict(address.parts), dict[str, AddressPart]()
        for name, part in said.parts.items():
            if name in parts and parts[name].value != part.value:
                void |= {below: parts.pop(below) for below in BELOW.get(name, ()) if below in parts}
            parts[name] = part
        if void and only_corrects(said, words):
            parts |= choose_kept(self.houses.all, parts, void)
        kept = [doubt for doubt in said.doubts if doubt.part not in said.parts or doubt.kind != "contradictory"]
        own = [doubt for doubt in said.doubts if doubt in kept and not self._raised_by_list(doubt, said)]
        return resolve(self.houses.all, parts, own)

    def _raised_by_list(self, doubt: AddressDoubt, said: Address) -> bool:
        """Doubts that `resolve` found: with what was known before it will find them anew, or not at all."""
        return doubt in resolve(self.houses.all, said.parts, ()).doubts

    def _split_quantities(
        self, words: Sequence[Word], numbers: Iterable[Number], mentions: Sequence[Mention]
    ) -> list[Number]:
        """The numbers, a house parted from what is counted after it: «энгельса сто пятьдесят | четыре подъезда»."""
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
        """Whether the streets are of another place, set against a settlement: «дача в бору, а я на савушкина»."""
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
        """The houses of the street, complex or settlement said, or known before; none when there is no such."""
        named = {name: part for name, part in reading.parts.items() if name in ("settlement", "street", "complex")}
        if named:
            return resolve(self.houses.all, named, ()).houses
        return known.houses if known is not None else ()


def _keep_remaining(items: Sequence[Item], mentions: Iterable[Mention]) -> list[Mention]:
    left = {item.first for item in items if item.kind is ItemKind.NAME}
    return [mention for mention in mentions if mention.first in left]


def _find_asked_position(words: Sequence[Word], items: Sequence[Item]) -> int:
    """Before which item the word of the part that was asked for is to be thought: «в седьмом», «ой нет двенадцать»."""
    for at, item in enumerate(items):
        if item.number is not None:
            placed = words[item.first - 1].text in ("в", "во", "на", "из") if item.first else False
            return 0 if placed and not item.number.ordinal else at
        if item.kind not in (ItemKind.FILLER, ItemKind.CORRECTION) and not words[item.first].has_part_of_speech("PREP"):
            return 0
    return 0

"""Assembles address parts from the items of an utterance (claimed and bare numbers, letters) for `AddressBook`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from callcenter.houses.houses import House
from callcenter.understanding.address.address import DEPENDENT_PARTS, AddressDoubt, AddressPart, may_have
from callcenter.understanding.address.items import Item, ItemKind, is_cardinal
from callcenter.understanding.address.number_claims import MAX_NUMBER_BY_PART, Claim, assign_numbers
from callcenter.understanding.address.ownership import Ownership, find_callers_own, rank_ownership
from callcenter.understanding.address.rival_values import BareOrdinal, bare_ordinals, choose_own, may_exist
from callcenter.understanding.numbers.numbers import Number
from callcenter.understanding.words import Word

_HOUSE_OR_BUILDING = {"house", "building"}
_INNER_PARTS = ("entrance", "floor", "apartment")
_FEMININE_ONE_WORDS = ("одна", "одно", "одной", "одну")
"""Forms of «один» that are never the number of a building or an apartment, which are called «один»."""
_TIMES_OF_DAY = ("утра", "дня", "вечера", "ночи")


@dataclass(slots=True)
class Reading:
    """The state of reading one utterance."""

    words: Sequence[Word]
    items: list[Item]
    doubts: list[AddressDoubt]
    parts: dict[str, AddressPart] = field(default_factory=dict)
    candidate_houses: tuple[House, ...] = ()
    """Houses of the street, complex or settlement said, else of the known address; empty when there are none."""
    part_by_item: dict[int, str] = field(default_factory=dict)
    """The used items: item index -> part; an empty part marks a number of another person's place."""
    split_remainders: dict[int, Number] = field(default_factory=dict)
    """Item index -> the rest of a number whose first segment is the house number."""

    def join_words(self, first: int, end: int) -> str:
        return " ".join(word.text for word in self.words[first:end])

    def set_part(self, part: str, value: str, *items: int) -> None:
        """Sets a part, read from these items (indices); a second, different value raises a contradictory doubt."""
        shown = [self.items[at] for at in sorted(set(items))]
        said = AddressPart(value, self.join_words(shown[0].first, shown[-1].end))
        self.part_by_item.update(dict.fromkeys(items, part))
        if part in self.parts and self.parts[part].value != value:
            self.doubts.append(AddressDoubt("contradictory", part, (self.parts[part].value, value), said.words))
        else:
            self.parts[part] = said

    def parse(
        self, candidate_houses: tuple[House, ...], undecided_pairs: Sequence[tuple[Item, Item]], *, address_known: bool
    ) -> None:
        """Reads all parts except place names; the names must be set before.

        `candidate_houses`: the houses of those names. `undecided_pairs`: pairs of numbers that the caller left
        undecided. `address_known`: an earlier utterance gave an address.
        """
        self.candidate_houses = candidate_houses
        self._read_house_before_name()
        self._apply_claims(undecided_pairs)
        self._read_house_before_building()
        self._read_after_house()
        self._read_letters()
        if "apartment" not in self.parts and (self.parts or address_known):
            self._read_bare_apartment()
        if "floor" not in self.parts:
            self._read_bare_floor()
        self._drop_contradictions()

    def _drop_contradictions(self) -> None:
        """Removes each part that has two values, together with the parts that depend on it."""
        for doubt in self.doubts:
            if doubt.kind == "contradictory":
                for part in (doubt.part, *DEPENDENT_PARTS.get(doubt.part, ())):
                    self.parts.pop(part, None)

    def _read_house_before_name(self) -> None:
        """Reads a house number said before its street, when no house number follows the street:
        «тридцать два тельмана второй корпус», «десять корпус два казакова девяносто восемь»."""
        bases = bases_of(self.candidate_houses)
        kinds = [item.kind for item in self.items]
        if any(item.kind is ItemKind.PART_WORD and item.part == "house" for item in self.items):
            return
        for at, kind in enumerate(kinds):
            parted = kinds[max(at - 3, 0) : at] == [ItemKind.NUMBER, ItemKind.PART_WORD, ItemKind.NUMBER]
            house = at - 3 if parted and self.items[at - 2].part == "building" else at - 1
            if kind is not ItemKind.NAME or house < 0 or not self._can_precede_name(house, bases):
                continue
            after = self.items[at + 1].number if at + 1 < len(self.items) else None
            if after is not None and (after.digits in bases or any(cut[0] in bases for cut in after.segmentations)):
                continue
            said = self.items[house].number
            self.set_part("house", said.digits if said is not None else "", house)
            self.items[house] = replace(self.items[house], kind=ItemKind.OTHER)
            self.items[at] = replace(self.items[at], kind=ItemKind.OTHER)
            return

    def _can_precede_name(self, at: int, bases: set[str]) -> bool:
        """Whether a bare number may be a house before its street: not «квартира пять ленина», «в восемь на ленина»."""
        item, before = self.items[at], self.items[at - 1] if at else None
        if item.number is None or item.number.ordinal or item.is_quantity or item.number.digits not in bases:
            return False
        timed = before is not None and self.words[before.first].text in ("в", "к", "с", "до", "после")
        return not timed and (
            before is None or before.kind not in (ItemKind.PART_WORD, ItemKind.SLASH, ItemKind.NUMBER)
        )

    def _apply_claims(self, pairs: Sequence[tuple[Item, Item]]) -> None:
        undecided = {item.first: (one, other) for one, other in pairs for item in (one, other)}
        claims, others = choose_own(
            self.words, self.items, assign_numbers(self.words, self.items), self.candidate_houses
        )
        self.part_by_item |= dict.fromkeys(others, "")
        housed = any(claim.part == "house" for claim in claims)
        for claim in claims:
            item = self.items[claim.number_index]
            if item.first in undecided:
                pair = undecided[item.first]
                options = tuple(one.number.digits for one in pair if one.number is not None)
                said = self.join_words(pair[0].first, pair[1].end)
                self.doubts.append(AddressDoubt("ambiguous", claim.part, options, said))
                span = range(pair[0].first, pair[1].end)
                self.part_by_item |= {at: claim.part for at, one in enumerate(self.items) if one.first in span}
                continue
            if claim.part == "house":
                self._apply_house_claim(claim)
                continue
            if not housed and self._split_house_and_part(claim):
                continue
            whole = self._join_digits(claim) if claim.part == "apartment" else claim
            thousands = int(whole.digits) % 1000 == 0  # excludes money: «на квартиру три тысячи»
            if 0 < int(whole.digits) <= MAX_NUMBER_BY_PART[whole.part] and not thousands:
                self.set_part(whole.part, str(int(whole.digits)), whole.claimant_index, whole.number_index)

    def _apply_house_claim(self, claim: Claim) -> None:
        """Sets the house: the whole number, its joined digits, or its first segment when only that is listed."""
        number = self.items[claim.number_index].number
        bases = bases_of(self.candidate_houses)
        if number is None or claim.digits != number.digits or claim.digits in bases or not self.candidate_houses:
            self._put_house(claim, bases)
            return
        joined = self._join_digits(claim, upto=bases)
        if joined.digits in bases:
            self.set_part("house", joined.digits, claim.number_index)
            return
        cut = next((cut for cut in number.segmentations if len(cut) == 2 and cut[0] in bases), None)
        if cut is None or (number.ordinal and not _is_feminine(self.words, number)):
            self._put_house(claim, bases)
            return
        rest = Number(cut[1], number.first, number.end, number.ordinal, typed=False, segmentations=((cut[1],),))
        self.set_part("house", cut[0], claim.number_index)
        self.split_remainders[claim.number_index] = rest

    def _split_house_and_part(self, claim: Claim) -> bool:
        """Splits a number into a house and its part when no house of the street has the whole number as that part:
        «светлановский шестьдесят первый корпус» is house 60, building 1."""
        number = self.items[claim.number_index].number
        if number is None or number.digits != claim.digits:
            return False
        if any(may_have(house, claim.part, number.value) for house in self.candidate_houses):
            return False
        for cut in number.segmentations:
            houses = [house for house in self.candidate_houses if len(cut) == 2 and house.house == cut[0]]
            if any(may_have(house, claim.part, int(cut[1])) for house in houses):
                self.set_part("house", cut[0], claim.number_index)
                self.set_part(claim.part, cut[1], claim.number_index, claim.claimant_index)
                return True
        return False

    def _put_house(self, claim: Claim, bases: set[str]) -> None:
        """Sets the claimed house as said, except an unlisted number after a name that may be a count, is an ordinal, or
        has no street: «на энгельса два лифта», «на тельмана первый и второй стояк», «три кита шестьсот квартира»."""
        named, item = self.items[claim.claimant_index].kind is ItemKind.NAME, self.items[claim.number_index]
        loose = item.may_be_count or (item.number is not None and item.number.ordinal) or "street" not in self.parts
        if not (named and loose and claim.digits not in bases):
            self.set_part("house", claim.digits, claim.number_index)

    def _read_house_before_building(self) -> None:
        """Reads an unclaimed number before a building as the house: «сто тридцать девять корпус один». A number before
        a fraction counts too when the street has it: «сорок дробь два по большому»."""
        bases = bases_of(self.candidate_houses)
        for at in range(len(self.items) - 2):
            item, after, last = self.items[at : at + 3]
            if (
                item.number is None
                or at in self.part_by_item
                or "house" in self.parts
                or last.kind is not ItemKind.NUMBER
            ):
                continue
            of_building = after.kind is ItemKind.PART_WORD and after.part in ("building", "structure")
            if (of_building and self.part_by_item.get(at + 2) == after.part) or (
                after.kind is ItemKind.SLASH and item.number.digits in bases and at + 2 not in self.part_by_item
            ):
                self.set_part("house", item.number.digits, at)

    def _read_after_house(self) -> None:
        """Reads numbers without a part word after the house number: a fraction, a building, an apartment."""
        house = next((at for at in sorted(self.part_by_item, reverse=True) if self.part_by_item[at] == "house"), None)
        if house is None:
            return
        if house in self.split_remainders and not self._read_bare_number(house, self.split_remainders[house]):
            return
        at = house + 1
        while at < len(self.items):
            item = self.items[at]
            following = self.items[at + 1] if at + 1 < len(self.items) else None
            if item.kind is ItemKind.SLASH and following is not None and following.number is not None:
                self._read_fraction(at, following.number)
                at += 2
            elif at in self.part_by_item or item.kind in (ItemKind.FILLER, ItemKind.LETTER, ItemKind.PART_WORD):
                at += 1
            elif item.kind is ItemKind.NUMBER and not item.is_quantity and item.number is not None:
                if not self._read_bare_number(at, item.number):
                    return
                at += 1
            else:
                return

    def _read_fraction(self, at: int, number: Number) -> None:
        whole = f"{self.parts['house'].value}/{number.digits}"
        listed = {house.house for house in self.candidate_houses}
        said = f"{self.parts['house'].words} дробь {self.join_words(number.first, number.end)}"
        hyphenated = whole.replace("/", "-")
        if "building" in self.parts or (self.items[at].part == "-" and hyphenated not in listed):
            self._read_bare_number(at + 1, number)
            return
        corpus = {house.building for house in self.candidate_houses if house.house == self.parts["house"].value}
        if whole not in listed and number.digits in corpus:
            self.set_part("building", number.digits, at, at + 1)
            return
        self.parts["house"] = AddressPart(hyphenated if hyphenated in listed else whole, said)
        self.part_by_item |= {at: "house", at + 1: "house"}

    def _read_bare_number(self, at: int, number: Number) -> bool:
        """Assigns a bare number after a house: the rest of its fraction or its building when the house list has such a
        one, else the apartment. Returns whether the number was used."""
        parts = self.parts
        listed = {house.house for house in self.candidate_houses}
        if self._is_unrelated_number(at, number):
            return False
        if "house" in parts and parts["house"].value not in listed and self._complete_fraction(at, number, listed):
            return True
        fitting = [house for house in self.candidate_houses if "house" in parts and house.house == parts["house"].value]
        for part in ("building", "structure") if not _is_feminine(self.words, number) else ():
            if part in parts:
                fitting = [house for house in fitting if getattr(house, part) == parts[part].value]
                continue
            flat_said = "apartment" in parts
            if flat_said and not {self.part_by_item.get(at - 1), self.part_by_item.get(at)} & _HOUSE_OR_BUILDING:
                break
            if any(getattr(house, part) == number.digits for house in fitting):
                more = flat_said or (at + 1 < len(self.items) and self.items[at + 1].kind is ItemKind.NUMBER)
                bare = any(not getattr(house, part) and house.can_have_apartment(number.value) for house in fitting)
                if bare and not more:
                    return False
                self.set_part(part, number.digits, at)
                return True
        has_it = not fitting or any(self._can_have_apartment(house, number.value) for house in fitting)
        if "apartment" in parts or not has_it or not self._can_be_apartment(at, number):
            return False
        self.set_part("apartment", number.digits.lstrip("0"), at)
        return True

    def _can_have_apartment(self, house: House, flat: int) -> bool:
        """Whether the house can have the apartment, in the entrance that was said."""
        entrance = house.find_entrance(flat) if "entrance" in self.parts else None
        return house.can_have_apartment(flat) and (entrance is None or str(entrance) == self.parts["entrance"].value)

    def _is_unrelated_number(self, at: int, number: Number) -> bool:
        """Whether a number after a house is no part of the address: «садовая семь двадцать четвёртого отключили» (a
        date), «первое что вижу», «одна я дома», «восемь ноль ноль» (a time), «три три подъезд» (a repetition)."""
        if number.ordinal and self.words[number.end - 1].text.endswith(("го", "ое")):
            return True
        if self._is_person_alone(number):
            return True
        following = self.items[at + 1].number if at + 1 < len(self.items) else None
        again = (
            following is not None and following.value == number.value and self.part_by_item.get(at + 1) in _INNER_PARTS
        )
        return again or (following is not None and following.value == 0)

    def _is_person_alone(self, number: Number) -> bool:
        """Whether «один» or «одна» means that the person is alone: «одна дома боюсь», «один не могу выйти»."""
        last, after = self.words[number.end - 1].text, self.words[number.end : number.end + 1]
        alone = last == "один" and any(word.text == "не" or word.has_part_of_speech("NPRO") for word in after)
        return number.value == 1 and (alone or last in _FEMININE_ONE_WORDS)

    def _can_be_apartment(self, at: int, number: Number) -> bool:
        """Whether a bare number may be an apartment: not «восемь пятнадцать», «первый стояк», «пять на пять»."""
        if number.ordinal and not any("femn" in form.grammemes for form in self.words[number.end - 1].parses):
            return False
        if not 0 < number.value <= MAX_NUMBER_BY_PART["apartment"]:
            return False
        following = self.items[at + 1] if at + 1 < len(self.items) else None
        if following is not None and following.number is not None and at + 1 not in self.part_by_item:
            timed = any(word.text in _TIMES_OF_DAY for word in self.words[following.end : following.end + 1])
            return following.is_quantity and not timed
        after = self.words[number.end : number.end + 2]
        return len(after) < 2 or after[0].text not in ("на", "и") or not is_cardinal(after[1])

    def _complete_fraction(self, at: int, number: Number, listed: set[str]) -> bool:
        """Joins house and number into a listed fraction, else False: «садовая двенадцать четырнадцать» is 12/14."""
        whole = f"{self.parts['house'].value}/{number.digits}"
        if whole in listed:
            words = f"{self.parts['house'].words} {self.join_words(number.first, number.end)}"
            self.parts["house"] = AddressPart(whole, words)
            self.part_by_item[at] = "house"
        return whole in listed

    def _read_letters(self) -> None:
        for at, item in enumerate(self.items):
            if item.kind is not ItemKind.LETTER or "letter" in self.parts or not at:
                continue
            before = self.items[at - 1]
            marked = before.kind is ItemKind.PART_WORD and before.part == "letter"
            of_house = self.part_by_item.get(at - 1) in ("house", "building", "structure")
            after = self.items[at + 1] if at + 1 < len(self.items) else None
            if marked or (of_house and (after is None or self._is_letter_before(item, after))):
                self.set_part("letter", item.part, at)

    def _is_letter_before(self, letter: Item, after: Item) -> bool:
        """Before a number or a part word, only a listed house letter counts: «садовая девять а двенадцать»."""
        if after.kind not in (ItemKind.NUMBER, ItemKind.PART_WORD) or not self.candidate_houses:
            return True
        house = self.parts["house"].value if "house" in self.parts else ""
        dated = after.number is not None and (after.is_quantity or self.words[after.end - 1].text.endswith("го"))
        return not dated and any((one.house, one.letter) == (house, letter.part) for one in self.candidate_houses)

    def _read_bare_apartment(self) -> None:
        """Reads a feminine ordinal without a part word as the apartment: «у нас триста двадцать четвертая»."""
        flats = [
            one
            for one in self._list_unused_ordinals()
            if one.is_apartment and may_exist(self._list_fitting_houses(), "apartment", one.digits)
        ]
        one = self._choose_own(flats)
        if one is None or rank_ownership(self.words, self._get_word_span(one)) < Ownership.UNMARKED:
            return
        # the ordinal may be a second entrance: «в первой парадной света нет, а во второй есть»
        if "entrance" not in self.parts or not may_exist(self._list_fitting_houses(), "entrance", one.digits):
            self.set_part("apartment", one.digits, one.item_index)

    def _read_bare_floor(self) -> None:
        """Reads an ordinal after «на» without a part word as the floor: «третья парадная, лифт стоит на седьмом»."""
        floors = [
            one
            for one in (self._list_unused_ordinals() if self.parts else ())
            if one.preposition == "на" and self.words[self.items[one.item_index].end - 1].text.endswith(("ом", "ем"))
        ]
        one = self._choose_own(floors)
        if one is not None and may_exist(self._list_fitting_houses(), "floor", one.digits):
            self.set_part("floor", one.digits, one.item_index)

    def _choose_own(self, rivals: list[BareOrdinal]) -> BareOrdinal | None:
        """The caller's own ordinal; None when nothing marks one of several: «на пятом и на шестом»."""
        own = [rivals[at] for at in find_callers_own(self.words, [self._get_word_span(one) for one in rivals])]
        return own[0] if len({one.digits for one in own}) == 1 else None

    def _get_word_span(self, one: BareOrdinal) -> tuple[int, int]:
        return self.items[one.item_index].first, self.items[one.item_index].end

    def _list_unused_ordinals(self) -> list[BareOrdinal]:
        return [one for one in bare_ordinals(self.words, self.items) if one.item_index not in self.part_by_item]

    def _list_fitting_houses(self) -> tuple[House, ...]:
        """The candidate houses with the spoken house number; all candidates when none has it."""
        said = self.parts["house"].value if "house" in self.parts else ""
        return (
            tuple(house for house in self.candidate_houses if not said or house.house == said) or self.candidate_houses
        )

    def _join_digits(self, claim: Claim, *, upto: set[str] | None = None) -> Claim:
        """Joins up to four single digits: «квартира два один шесть». With `upto`, only into one of these values."""
        digits, at = claim.digits, claim.number_index
        while len(digits) < 4 and len(claim.digits) == 1 and not (upto and digits in upto):
            after = self.items[at + 1] if at + 1 < len(self.items) else None
            if after is None or after.number is None or after.is_quantity or after.number.ordinal:
                break
            if self._is_person_alone(after.number):
                break
            if len(after.number.digits) != 1:
                return claim  # a time follows: «квартира пять восемь пятнадцать»
            digits, at = digits + after.number.digits, at + 1
        if at == claim.number_index or (upto is not None and digits not in upto):
            return claim
        self.part_by_item.update(dict.fromkeys(range(claim.number_index, at + 1), claim.part))
        return replace(claim, digits=digits)


def bases_of(houses: Iterable[House]) -> set[str]:
    """The house numbers, and for each fraction its first half as well."""
    listed = {house.house for house in houses}
    return listed | {name.split("/")[0].split("-")[0] for name in listed}


def _is_feminine(words: Sequence[Word], number: Number) -> bool:
    """Whether a number is a feminine ordinal («сорок первая»): an apartment or entrance, never a house or building."""
    marks = [form.grammemes for form in words[number.end - 1].parses if form.part_of_speech == "ADJF"]
    return number.ordinal and marks != [] and all("femn" in one for one in marks)

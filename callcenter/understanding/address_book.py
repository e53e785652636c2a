"""Finding addresses of the company's list in what is said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from callcenter.understanding.address import Address, Doubt, Part, may_have, resolve
from callcenter.understanding.address_claims import HIGHEST, Claim, share_numbers
from callcenter.understanding.address_items import Item, Kind, read_items
from callcenter.understanding.address_replies import read_short_answer
from callcenter.understanding.corrections import take_back
from callcenter.understanding.houses import House, Houses
from callcenter.understanding.numbers import Number, find_numbers
from callcenter.understanding.place_mentions import Places
from callcenter.understanding.place_names import Mention
from callcenter.understanding.words import Word

_BELOW = {
    "settlement": (),
    "street": ("house", "building", "structure", "letter", "entrance", "floor", "apartment", "complex"),
    "complex": ("street", "house", "building", "structure", "letter", "entrance", "floor", "apartment"),
    "house": ("building", "structure", "letter", "entrance", "floor", "apartment"),
    "building": ("structure", "letter"),
}
"""What a newly said part makes void of what was known before."""
_OF_HOUSE = {"house", "building"}


@dataclass(slots=True)
class _Reading:
    """One line being read."""

    words: Sequence[Word]
    items: list[Item]
    parts: dict[str, Part]
    doubts: list[Doubt]
    used: dict[int, str]
    """Items that are spent, and on which part."""
    rests: dict[int, Number]
    """What is left of a number whose first piece was the house, by its item."""

    def text(self, first: int, end: int) -> str:
        return " ".join(word.text for word in self.words[first:end])

    def put(self, part: str, value: str, *items: int) -> None:
        """A part's value, said by these items; a second, different one is a contradiction."""
        shown = [self.items[at] for at in sorted(set(items))]
        said = Part(value, self.text(shown[0].first, shown[-1].end))
        self.used.update(dict.fromkeys(items, part))
        if part in self.parts and self.parts[part].value != value:
            self.doubts.append(Doubt("contradictory", part, (self.parts[part].value, value), said.words))
        else:
            self.parts[part] = said


class AddressBook:
    """The house list made ready for listening. Building it reads dictionaries; finding reads nothing."""

    def __init__(self, houses: Houses) -> None:
        self.houses = houses
        self._places = Places(houses)

    def __repr__(self) -> str:
        return f"AddressBook({len(self.houses.all)} houses)"

    def find(self, words: Sequence[Word], *, asked: str = "", known: Address | None = None) -> Address:
        """The address in a line.

        `asked` is the part a question was just about: a bare number or name answers it. `known` helps to read
        the line, nothing of it is in the answer: see `complete`.
        """
        numbers = find_numbers(words)
        mentions, doubts = self._places.find(words, numbers, asked=asked)
        spans = [(mention.first, mention.end) for mention in mentions]
        inside = {at for first, end in spans for at in range(first, end)}
        items = read_items(words, [number for number in numbers if number.first not in inside], spans)
        items, pairs = take_back(words, items)
        left = {item.first for item in items if item.kind is Kind.NAME}
        mentions = [mention for mention in mentions if mention.first in left]
        if asked in HIGHEST and not any(item.kind is Kind.MARKER and item.part == asked for item in items):
            items.insert(0, Item(Kind.MARKER, 0, 0, part=asked))
        reading = _Reading(words, items, {}, list(doubts), {}, {})
        self._name(reading, mentions)
        near = self._near(reading, known)
        self._claim(reading, pairs, near)
        self._before_building(reading, near)
        self._follow(reading, near)
        self._letters(reading, near)
        self._bare_flat(reading, known)
        if any(doubt.kind == "unknown" for doubt in doubts) and "complex" not in reading.parts:
            return Address(doubts=tuple(doubts))  # the numbers are those of a stranger's house
        return resolve(self.houses.all, reading.parts, reading.doubts)

    def complete(self, address: Address, words: Sequence[Word], *, asked: str = "") -> Address:
        """What is known after a reply: its parts go in, and replace what they contradict.

        A new street makes house and flat void, a new house its building and flat, unless the reply says them too.
        """
        said = self.find(words, asked=asked, known=address)
        answer = read_short_answer(address, words, asked) if asked not in said.parts else None
        if answer is not None:
            said = replace(said, parts={asked: answer})
        parts = dict(address.parts)
        for name, part in said.parts.items():
            if name in parts and parts[name].value != part.value:
                for below in _BELOW.get(name, ()):
                    parts.pop(below, None)
            parts[name] = part
        kept = [doubt for doubt in said.doubts if doubt.part not in said.parts or doubt.kind != "contradictory"]
        own = [doubt for doubt in said.doubts if doubt in kept and not self._raised_by_list(doubt, said)]
        return resolve(self.houses.all, parts, own)

    def _raised_by_list(self, doubt: Doubt, said: Address) -> bool:
        """Doubts that `resolve` found: with what was known before it will find them anew, or not at all."""
        return doubt in resolve(self.houses.all, said.parts, ()).doubts

    def _name(self, reading: _Reading, mentions: Iterable[Mention]) -> None:
        for mention in mentions:
            at = next(
                at for at, item in enumerate(reading.items) if item.first == mention.first and item.kind is Kind.NAME
            )
            reading.put(self._places.part_of(mention.name), self._places.called(mention.name), at)

    def _near(self, reading: _Reading, known: Address | None) -> tuple[House, ...]:
        """The houses of the street, complex or settlement said, or known before; none when there is no such."""
        named = {name: part for name, part in reading.parts.items() if name in ("settlement", "street", "complex")}
        if named:
            return resolve(self.houses.all, named, ()).houses
        return known.houses if known is not None else ()

    def _claim(self, reading: _Reading, pairs: Sequence[tuple[Item, Item]], near: tuple[House, ...]) -> None:
        undecided = {one.first: (one, other) for one, other in pairs}
        claims = share_numbers(reading.words, reading.items)
        housed = any(claim.part == "house" for claim in claims)
        for claim in claims:
            item = reading.items[claim.at]
            if item.first in undecided:
                other = undecided[item.first][1].number
                if other is not None:
                    said = reading.text(item.first, other.end)
                    reading.doubts.append(Doubt("ambiguous", claim.part, (claim.digits, other.digits), said))
                    reading.used.update(dict.fromkeys(range(claim.at, claim.at + 3), claim.part))
                continue
            if claim.part == "house":
                self._claim_house(reading, claim, near)
                continue
            if not housed and self._cut_off_house(reading, claim, near):
                continue
            whole = _join_digits(reading, claim) if claim.part == "apartment" else claim
            if 0 < int(whole.digits) <= HIGHEST[whole.part]:
                reading.put(whole.part, str(int(whole.digits)), whole.by, whole.at)

    def _claim_house(self, reading: _Reading, claim: Claim, near: tuple[House, ...]) -> None:
        """A house's number: the whole, or the first piece of it when only that is on the list."""
        number = reading.items[claim.at].number
        bases = _bases(near)
        if number is None or claim.digits != number.digits or claim.digits in bases or not near:
            self._put_house(reading, claim, bases)
            return
        joined = _join_digits(reading, claim, upto=bases)
        if joined.digits in bases:
            reading.put("house", joined.digits, claim.at)
            return
        cut = next((cut for cut in number.cuts if len(cut) == 2 and cut[0] in bases), None)
        if cut is None or (number.ordinal and not _is_feminine(reading.words, number)):
            self._put_house(reading, claim, bases)
            return
        rest = Number(cut[1], number.first, number.end, number.ordinal, typed=False, cuts=((cut[1],),))
        reading.put("house", cut[0], claim.at)
        reading.rests[claim.at] = rest

    def _cut_off_house(self, reading: _Reading, claim: Claim, near: tuple[House, ...]) -> bool:
        """«светлановский шестьдесят первый корпус»: the house and its part, where no house of the street has the
        whole."""
        number = reading.items[claim.at].number
        if (
            number is None
            or number.digits != claim.digits
            or any(may_have(one, claim.part, number.value) for one in near)
        ):
            return False
        for cut in number.cuts:
            if len(cut) == 2 and any(one.house == cut[0] and may_have(one, claim.part, int(cut[1])) for one in near):
                reading.put("house", cut[0], claim.at)
                reading.put(claim.part, cut[1], claim.at, claim.by)
                return True
        return False

    def _put_house(self, reading: _Reading, claim: Claim, bases: set[str]) -> None:
        """The house as said; «на энгельса два лифта» says none."""
        named = reading.items[claim.by].kind is Kind.NAME
        if not (named and reading.items[claim.at].counted and claim.digits not in bases):
            reading.put("house", claim.digits, claim.at)

    def _before_building(self, reading: _Reading, near: tuple[House, ...]) -> None:
        """«сто тридцать девять корпус один»: what stands before a building is a house; «сорок дробь два по большому»:
        before a fraction too, where the street has such a one."""
        bases = _bases(near)
        for at in range(len(reading.items) - 2):
            item, after, last = reading.items[at : at + 3]
            if item.number is None or at in reading.used or "house" in reading.parts or last.kind is not Kind.NUMBER:
                continue
            of_building = after.kind is Kind.MARKER and after.part in ("building", "structure")
            if (of_building and reading.used.get(at + 2) == after.part) or (
                after.kind is Kind.SLASH and item.number.digits in bases and at + 2 not in reading.used
            ):
                reading.put("house", item.number.digits, at)

    def _follow(self, reading: _Reading, near: tuple[House, ...]) -> None:
        """What stands after a house's number without a word of its own: a fraction, a building, a flat."""
        house = next((at for at in sorted(reading.used, reverse=True) if reading.used[at] == "house"), None)
        if house is None:
            return
        if house in reading.rests and not self._positional(reading, house, reading.rests[house], near):
            return
        at = house + 1
        while at < len(reading.items):
            item = reading.items[at]
            following = reading.items[at + 1] if at + 1 < len(reading.items) else None
            if item.kind is Kind.SLASH and following is not None and following.number is not None:
                self._fraction(reading, at, following.number, near)
                at += 2
            elif at in reading.used or item.kind in (Kind.BETWEEN, Kind.LETTER, Kind.MARKER):
                at += 1
            elif item.kind is Kind.NUMBER and not item.is_quantity and item.number is not None:
                if not self._positional(reading, at, item.number, near):
                    return
                at += 1
            else:
                return

    def _fraction(self, reading: _Reading, at: int, number: Number, near: tuple[House, ...]) -> None:
        whole = f"{reading.parts['house'].value}/{number.digits}"
        listed = {house.house for house in near}
        said = f"{reading.parts['house'].words} дробь {reading.text(number.first, number.end)}"
        hyphenated = whole.replace("/", "-")
        if reading.items[at].part == "-" and hyphenated not in listed:
            self._positional(reading, at + 1, number, near)
            return
        corpus = {house.building for house in near if house.house == reading.parts["house"].value}
        if whole not in listed and number.digits in corpus:
            reading.put("building", number.digits, at, at + 1)
            return
        reading.parts["house"] = Part(hyphenated if hyphenated in listed else whole, said)
        reading.used |= {at: "house", at + 1: "house"}

    def _positional(self, reading: _Reading, at: int, number: Number, near: tuple[House, ...]) -> bool:
        """A bare number after a house: the end of its fraction or its building where the list has such a one, else a
        flat."""
        parts = reading.parts
        listed = {house.house for house in near}
        if number.ordinal and reading.words[number.end - 1].text.endswith("го"):
            return False  # «садовая семь двадцать четвёртого отключили»
        if "house" in parts and parts["house"].value not in listed and self._ends_fraction(reading, at, number, listed):
            return True
        fitting = [house for house in near if "house" in parts and house.house == parts["house"].value]
        for part in ("building", "structure") if not _is_feminine(reading.words, number) else ():
            if part in parts:
                fitting = [house for house in fitting if getattr(house, part) == parts[part].value]
                continue
            flat_said = "apartment" in parts
            if flat_said and not {reading.used.get(at - 1), reading.used.get(at)} & _OF_HOUSE:
                break
            if any(getattr(house, part) == number.digits for house in fitting):
                more = flat_said or (at + 1 < len(reading.items) and reading.items[at + 1].kind is Kind.NUMBER)
                bare = any(not getattr(house, part) and house.has_flat(number.value) for house in fitting)
                if bare and not more:
                    return False
                reading.put(part, number.digits, at)
                return True
        if "apartment" in parts or (fitting and not any(house.has_flat(number.value) for house in fitting)):
            return False
        reading.put("apartment", number.digits.lstrip("0"), at)
        return True

    def _ends_fraction(self, reading: _Reading, at: int, number: Number, listed: set[str]) -> bool:
        """«садовая двенадцать четырнадцать» is 12/14 where the list has no other 12."""
        whole = f"{reading.parts['house'].value}/{number.digits}"
        if whole in listed:
            words = f"{reading.parts['house'].words} {reading.text(number.first, number.end)}"
            reading.parts["house"] = Part(whole, words)
            reading.used[at] = "house"
        return whole in listed

    def _letters(self, reading: _Reading, near: tuple[House, ...]) -> None:
        for at, item in enumerate(reading.items):
            if item.kind is not Kind.LETTER or "letter" in reading.parts or not at:
                continue
            before = reading.items[at - 1]
            marked = before.kind is Kind.MARKER and before.part == "letter"
            of_house = reading.used.get(at - 1) in ("house", "building", "structure")
            after = reading.items[at + 1] if at + 1 < len(reading.items) else None
            if marked or (of_house and (after is None or self._parts_letter(reading, item, after, near))):
                reading.put("letter", item.part, at)

    def _parts_letter(self, reading: _Reading, letter: Item, after: Item, near: tuple[House, ...]) -> bool:
        """Before a number a letter only where the list has it: «садовая девять а двенадцать»."""
        if after.number is None:
            return True
        house = reading.parts["house"].value if "house" in reading.parts else ""
        dated = after.is_quantity or reading.words[after.end - 1].text.endswith("го")
        return not dated and any((one.house, one.letter) == (house, letter.part) for one in near)

    def _bare_flat(self, reading: _Reading, known: Address | None) -> None:
        """«у нас триста двадцать четвертая»: a feminine ordinal of its own, when an address is spoken of."""
        if "apartment" in reading.parts or not (reading.parts or known):
            return
        for at, item in enumerate(reading.items):
            number = item.number
            if (
                number is None
                or at in reading.used
                or item.measured
                or item.counted
                or not number.ordinal
                or number.typed
            ):
                continue
            if "entrance" in reading.parts and number.value <= HIGHEST["entrance"]:
                continue  # «в первой парадной света нет, а во второй есть»
            marks = {mark for form in reading.words[number.end - 1].forms for mark in form.marks}
            after = reading.words[number.end] if number.end < len(reading.words) else None
            if "femn" in marks and (after is None or not after.may_be("NOUN", "ADJF")):
                reading.put("apartment", number.digits, at)
                return


def _bases(houses: Iterable[House]) -> set[str]:
    """The numbers of houses, those of fractions without their second half as well."""
    listed = {house.house for house in houses}
    return listed | {name.split("/")[0].split("-")[0] for name in listed}


def _is_feminine(words: Sequence[Word], number: Number) -> bool:
    """«сорок первая»: a flat or an entrance, never a house or a building."""
    marks = [form.marks for form in words[number.end - 1].forms if form.part == "ADJF"]
    return number.ordinal and marks != [] and all("femn" in one for one in marks)


def _join_digits(reading: _Reading, claim: Claim, *, upto: set[str] | None = None) -> Claim:
    """A number said digit by digit: «квартира два один шесть». With `upto`, only until it is one of these."""
    digits, at = claim.digits, claim.at
    while len(digits) < 4 and len(claim.digits) == 1 and not (upto and digits in upto):
        after = reading.items[at + 1] if at + 1 < len(reading.items) else None
        number = after.number if after is not None else None
        if (
            number is None
            or len(number.digits) != 1
            or number.ordinal
            or (after is not None and (after.measured or after.counted))
        ):
            break
        digits, at = digits + number.digits, at + 1
    if at == claim.at or (upto is not None and digits not in upto):
        return claim
    reading.used.update(dict.fromkeys(range(claim.at, at + 1), claim.part))
    return replace(claim, digits=digits)

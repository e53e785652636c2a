"""Decides which candidate names of `NameIndex` are really meant: «садовая техника» or a merely similar word is no
street."""

from collections.abc import Sequence

from callcenter.houses.houses import House, Houses
from callcenter.understanding.address.address import AddressDoubt
from callcenter.understanding.address.ambiguous_names import begins_trouble, building_after, is_date, is_street
from callcenter.understanding.address.house_numbers import (
    PREPOSITIONS,
    house_after,
    is_filler_word,
    is_followed_by_house,
    is_followed_by_part_word,
    links_house_number,
    list_house_segmentations,
    read_spelled_digits,
)  # fmt: skip
from callcenter.understanding.address.items import find_named_part, is_correction_word
from callcenter.understanding.address.name_alternatives import correct_number, find_alternatives, find_contrasted_number
from callcenter.understanding.address.names import Mention, Name, NameIndex
from callcenter.understanding.address.ownership import find_callers_own
from callcenter.understanding.address.unlisted_names import (
    is_at_corner,
    is_telephone_line,
    other_street,
    other_town,
    unlisted_street,
)
from callcenter.understanding.numbers.numbers import Number, parse_number_word
from callcenter.understanding.words import Word, agree

_CALL_WORDS = ("звоню", "звонят", "звонит", "беспокою", "беспокоят", "пишу", "пишут", "вам", "вас")
_MIN_SIMILARITY_ALONE = 0.86
"""Minimum score (0 to 1) of a fuzzy mention without a house number or a type word. Raising it loses misrecognized
names; lowering it takes other words for names."""


class NameMentions:
    """The streets, complexes and settlements of the house list, and their mentions in an utterance."""

    def __init__(self, houses: Houses) -> None:
        self._houses: dict[str, tuple[House, ...]] = {}
        for house in houses.all:
            for name in {house.street, house.complex, house.settlement, *house.aliases} - {""}:
                self._houses[name] = (*self._houses.get(name, ()), house)
        self._parts = {house.street: "street" for house in houses.all}
        self._parts |= {house.complex: "complex" for house in houses.all if house.complex}
        self._parts |= {house.settlement: "settlement" for house in houses.all if house.settlement}
        self._official_names = {name: house.complex or name for house in houses.all for name in house.aliases}
        self._names = NameIndex([*self._parts, *self._official_names])

    def get_part(self, name: Name) -> str:
        """The part that a name stands for: `street`, `complex` or `settlement`; `complex` for an alias."""
        return self._parts.get(name.official_name, "complex")

    def list_houses(self, name: Name) -> tuple[House, ...]:
        """The houses with this name."""
        return self._houses[name.official_name]

    def get_official_name(self, name: Name) -> str:
        """The name as the house list spells it in its own column. An alias («маяк») gives its complex:
        «ЖК «Балтийский маяк»»."""
        return self._official_names.get(name.official_name, name.official_name)

    def find_places(
        self, words: Sequence[Word], numbers: Sequence[Number], *, asked_part: str = ""
    ) -> tuple[list[Mention], list[AddressDoubt]]:
        """The names that are surely meant, in word order, and the doubts about names.

        A doubt is `ambiguous` (several names fit) or `unknown` (a street or town that the house list lacks).
        `asked_part` is the part of the preceding question.
        """
        candidates = [
            (mention, self._has_listed_house(mention, words, numbers))
            for mention in self._names.find_candidates(words, numbers)
        ]
        backed = [
            (mention, listed) for mention, listed in candidates
            if self._is_meant(mention, words, numbers, listed=listed, asked=asked_part)
        ]  # fmt: skip
        if not any(self.get_part(mention.name) == "street" for mention, _ in backed):
            backed += [one for one in candidates if self._has_listed_house_later(one[0], words, numbers)]
        chosen: list[Mention] = []
        doubts: list[AddressDoubt] = []
        taken: set[int] = set()
        for group in _group_overlapping(backed):
            span = set(range(min(one.first for one, _ in group), max(one.end for one, _ in group)))
            if span & taken:
                continue
            best = _choose_best(group)
            taken |= span
            others = find_alternatives(words, numbers, best[0], (one for one, _ in candidates))
            if len({self.get_official_name(one.name) for one in best}) == 1 and others is None:
                chosen.append(correct_number(words, numbers, best[0], self._names.place_names))
            else:
                said = " ".join(word.text for word in words[best[0].first : best[0].end])
                options = tuple(
                    dict.fromkeys(
                        self.get_official_name(name) for name in (*(one.name for one in best), *(others or ()))
                    )
                )
                doubts.append(AddressDoubt("ambiguous", self.get_part(best[0].name), options, said))
        against = [find_contrasted_number(words, numbers, one, self._names.place_names) for one in chosen]
        chosen += [one for one in against if one is not None and not taken & {*range(one.first, one.end)}]
        chosen = sorted(self._keep_housed_street(chosen, words, numbers), key=lambda one: one.first)
        stranger = other_town(words, chosen)
        for one in chosen if not stranger else ():
            stranger = stranger or other_street(words, one)
        if not stranger and not doubts and not any(self.get_part(one.name) == "street" for one in chosen):
            stranger = unlisted_street(words, numbers)
        return chosen, [*doubts, AddressDoubt("unknown", "street", (), stranger)] if stranger else doubts

    def _keep_housed_street(
        self, mentions: list[Mention], words: Sequence[Word], numbers: Sequence[Number]
    ) -> list[Mention]:
        """Of several streets keeps the one with a listed house number: «на садовой у дома энгельса 150». Keeps all when
        the caller's own street is another one. Negated streets are left to `take_back`."""
        streets = [one for one in mentions if self.get_part(one.name) == "street" and not _is_negated(words, one)]
        housed = [one for one in streets if self._has_listed_house(one, words, numbers)]
        if len(streets) > 1 and len(housed) == 1:
            own = find_callers_own(words, [(one.first, one.end) for one in streets])
            if len(own) == 1 and streets[own[0]] not in housed:
                return mentions  # the caller's own street: «соседка с садовой семь, а у меня тихая»
            return [one for one in mentions if one not in streets or one in housed]
        return mentions

    def _has_listed_house(self, mention: Mention, words: Sequence[Word], numbers: Sequence[Number]) -> bool:
        """Whether a number next to the name is one of its houses."""
        bases = {base for house in self._houses[mention.name.official_name] for base in _split_base_numbers(house)}
        after, needs_word = house_after(words, mention.end)
        for number in numbers:
            if number.first == after and any(cut[0] in bases for cut in list_house_segmentations(words, number)):
                named = number.end < len(words) and find_named_part(words, number.end) == "house"
                return not needs_word or (named and not _is_misheard(mention, words))
        if read_spelled_digits(words, numbers, after) in bases:
            return True
        return not _is_misheard(mention, words) and self._has_listed_house_before(mention, words, numbers, bases)

    def _has_listed_house_before(
        self, mention: Mention, words: Sequence[Word], numbers: Sequence[Number], bases: set[str]
    ) -> bool:
        """Whether the number of a listed house stands before the name: «дом пять по садовой»,
        «в пятом доме на садовой»."""
        before = mention.first - 1
        while before >= 0 and (is_filler_word(words[before]) or words[before].text in PREPOSITIONS):
            before -= 1
        ends = {number.end: number for number in numbers}
        last = ends.get(before + 1)
        if last is not None and last.first and links_house_number(words, last.first - 1):
            house = ends.get(last.first - 1)  # «сто тридцать девять корпус два энгельса», «сорок дробь два по большому»
            return house is not None and house.digits in bases
        housed = before >= 0 and find_named_part(words, before) == "house"
        before -= 1 if housed else 0
        for number in numbers:
            if number.end == before + 1 and number.digits in bases:
                return housed or (number.first > 0 and find_named_part(words, number.first - 1) == "house")
        return False

    def _has_listed_house_later(self, mention: Mention, words: Sequence[Word], numbers: Sequence[Number]) -> bool:
        """Whether an exact street name is followed, at a distance, by «дом» and one of its numbers:
        «садовая это в зелёном бору дом пять»."""
        name, after = mention.name, words[mention.end : mention.end + 1]
        woman = any({"Surn", "femn", "nomn"} <= form.grammemes for form in words[mention.first].parses)  # «павлова»
        surely = any(one.adjective for one in name.tokens) or (name.is_distinctive and not woman)
        if mention.score < 1 or not surely or name.is_everyday or self.get_part(name) != "street" or is_date(name):
            return False
        someone = mention.first > 0 and any("anim" in form.grammemes for form in words[mention.first - 1].parses[:1])
        if someone or any(agree(words[mention.end - 1], word) for word in after):
            return False  # excludes «мастера энгельса», «садовая техника»
        bases = {base for house in self._houses[name.official_name] for base in _split_base_numbers(house)}
        return any(
            number.digits in bases
            and number.first > mention.end
            and find_named_part(words, number.first - 1) == "house"
            for number in numbers
        )

    def _is_meant(
        self, mention: Mention, words: Sequence[Word], numbers: Sequence[Number], *, listed: bool, asked: str
    ) -> bool:
        """Whether a candidate is meant as a name, judged by its type word, its house number and the words around it."""
        if not listed and is_at_corner(mention, words):
            return False
        if mention.has_street_type:
            return listed or not is_telephone_line(mention, words)
        if is_date(mention.name):
            return is_street(mention, words, numbers, has_listed_house=listed, asked_part=asked)
        if mention.is_fuzzy and not listed and not _is_similar_enough(mention, words):
            return False
        if self.get_part(mention.name) != "street":
            return self._is_complex_or_settlement(mention, words, numbers, asked=asked)
        return listed or asked == "street" or _is_street_without_house(mention, words)

    def _is_complex_or_settlement(
        self, mention: Mention, words: Sequence[Word], numbers: Sequence[Number], *, asked: str
    ) -> bool:
        """Whether a candidate is meant as a complex or settlement: it has several words, or stands where a place does
        («в гавани», not «течёт ручьём»)."""
        if mention.matched_words > 1 or asked in ("street", "complex", "settlement"):
            return True
        if all(word.is_filler or is_correction_word(word) for word in words[: mention.first]) and (
            mention.end == len(words)
            or is_followed_by_house(words, mention.end)
            or (mention.score == 1 and begins_trouble(words, mention.end))
        ):
            return True  # «гавань второй корпус», «маяк батареи холодные»
        building = building_after(words, mention, numbers) if mention.score == 1 else ""
        if building and any(building == house.building for house in self._houses[mention.name.official_name]):
            return True  # «опаздываю гавань корпус три»
        before = words[mention.first - 1] if mention.first else None
        called = [word.text for word in words[mention.end : mention.end + 1]]
        if before is not None and before.text in ("с", "со", "из") and called and called[0] in _CALL_WORDS:
            return True  # «с маяка звоню»; excludes «вода из ручья»
        marks = {mark for form in words[mention.first].parses for mark in form.grammemes}
        if before is None or before.text not in ("в", "во", "на"):
            return False
        return bool(marks & {"loct", "loc2"}) or ("accs" in marks and is_followed_by_part_word(words, mention.end))


def _is_negated(words: Sequence[Word], mention: Mention) -> bool:
    """Whether «не» precedes the name: «не на садовой». `take_back` removes such a name together with «не»."""
    before = mention.first - 1
    while before > 0 and words[before].text in PREPOSITIONS:
        before -= 1
    return before >= 0 and words[before].text == "не"


def _is_misheard(mention: Mention, words: Sequence[Word]) -> bool:
    """Whether a fuzzy mention consists of known words with another meaning: «в четвёртом доме света нет»."""
    return mention.is_fuzzy and all(word.in_dictionary for word in words[mention.first : mention.end])


def _is_similar_enough(mention: Mention, words: Sequence[Word]) -> bool:
    """Whether a fuzzy mention without a house number counts: its score is high and a word is not in the dictionary."""
    return mention.score >= _MIN_SIMILARITY_ALONE and not _is_misheard(mention, words)


def _is_street_without_house(mention: Mention, words: Sequence[Word]) -> bool:
    """Whether a name without type word and house is a street: «на садовой», «я с казакова»; not «садовая техника»."""
    if mention.name.is_everyday or not mention.gender_agrees or _is_possessive(mention, words):
        return False
    alone = all(word.is_filler or is_correction_word(word) for word in _list_words_around(words, mention))
    placed = mention.first > 0 and words[mention.first - 1].text in PREPOSITIONS
    other_case = mention.score < 1 and not mention.is_fuzzy and not any(one.adjective for one in mention.name.tokens)
    if other_case and not placed:
        return False  # «павлов» is a person, «павлова» a street
    if not (alone or placed or is_followed_by_house(words, mention.end)):
        return mention.name.is_distinctive and mention.matched_words > 1 and not mention.is_fuzzy
    if mention.name.is_distinctive or mention.end == len(words):
        return True
    if placed and any(form.grammemes >= {"Surn", "gent"} for form in words[mention.end - 1].parses):
        return True  # «на ленина холод»: possessive «ленина» would agree only in the nominative
    after = words[mention.end]
    return (
        find_named_part(words, mention.end) != ""
        or after.has_part_of_speech("PREP")
        or not agree(words[mention.end - 1], after)
    )


def _list_words_around(words: Sequence[Word], mention: Mention) -> Sequence[Word]:
    """The words around a name, without a contrasted value: «не савушкина а (бабушкина)», «(бабушкина) а не …»."""
    before, after = words[: mention.first], words[mention.end :]
    texts = [word.text for word in before]
    if texts[-1:] == ["а"] and "не" in texts:
        before = before[: texts.index("не")]
    denied = [word.text for word in after[:2]] == ["а", "не"]
    return before if denied else (*before, *after)


def _is_possessive(mention: Mention, words: Sequence[Word]) -> bool:
    """Whether the name tells the owner of an apartment, not its street: «бабушкина квартира закрыта»."""
    after = mention.end
    if after + 1 >= len(words) or not find_named_part(words, after) or not agree(words[after - 1], words[after]):
        return False
    return not (words[after + 1].is_number or parse_number_word(words[after + 1].text) is not None)


def _group_overlapping(found: list[tuple[Mention, bool]]) -> list[list[tuple[Mention, bool]]]:
    """Groups mentions that share words, the longest and best group first."""
    groups: list[list[tuple[Mention, bool]]] = []
    for one in sorted(
        found, key=lambda one: (-one[0].matched_words, -one[1], -one[0].has_street_type, -one[0].score, one[0].first)
    ):
        for group in groups:
            if any(one[0].first < other.end and other.first < one[0].end for other, _ in group):
                group.append(one)
                break
        else:
            groups.append([one])
    return groups


def _choose_best(group: list[tuple[Mention, bool]]) -> list[Mention]:
    """The best mentions of one group; several when no criterion decides. The order of the criteria: name length, type
    word, completeness, gender, listed house, exactness, score, all words of the name said."""
    left = group
    for judge in (
        lambda one: one[0].matched_words,
        lambda one: one[0].has_street_type,
        lambda one: one[0].is_complete,
        lambda one: one[0].gender_agrees,
        lambda one: one[1],
        lambda one: not one[0].is_fuzzy,
        lambda one: round(one[0].score, 1),
        lambda one: one[0].matched_words == len(one[0].name.tokens),
    ):
        top = max(judge(one) for one in left)
        left = [one for one in left if judge(one) == top]
    return list({one.name.official_name: one for one, _ in left}.values())


def _split_base_numbers(house: House) -> tuple[str, ...]:
    return (house.house, house.house.split("/")[0].split("-")[0])

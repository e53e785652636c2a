"""Finds streets and towns that the house list lacks: a house there is not served by the company."""

from collections.abc import Mapping, Sequence

from callcenter.houses.houses import STREET_TYPES
from callcenter.understanding.address.house_numbers import PREPOSITIONS, is_filler_word, is_followed_by_house
from callcenter.understanding.address.items import find_named_part, is_quantity
from callcenter.understanding.address.names import (
    Mention,
    get_street_type,
    list_corner_words,
    list_everyday_adjectives,
    list_namesake_adjectives,
    list_non_street_adjectives,
    list_own_towns,
    telephone_words,
)
from callcenter.understanding.numbers.numbers import Number, is_unit, parse_number_word
from callcenter.understanding.words import Word, agree

_TOWN_TYPES = ("город", "поселок", "деревня", "село")
_PLACE_PREPOSITIONS = ("на", "по", "с", "со")
_TOWN_ENDINGS = ("ино", "ово", "ево")
_STREET_ADJECTIVE_ENDINGS = ("ский", "ской", "цкий", "цкой")


def unlisted_street(words: Sequence[Word], numbers: Sequence[Number]) -> str:
    """The words of a street that the house list lacks; empty when there is none.

    It needs a house number and a street type or a form typical of street names: «на тверской дом пять»,
    «лиговский пятьдесят», «на строителей двадцать». With a type word, the name has up to three words.
    """
    houses = {one.first: one for one in numbers if not one.ordinal and not is_quantity(words, one)}
    ordinals = {at for one in numbers if one.ordinal for at in range(one.first, one.end)}
    opens, housed = True, _has_house_word(words, houses)
    for at, word in enumerate(words):
        placed = at > 0 and words[at - 1].text in ("на", "по")
        house = at + 2 if opens and at + 2 in houses and find_named_part(words, at + 1) == "house" else at + 1
        number = houses.get(house)
        if number is not None and not find_named_part(words, at) and not is_unit(word):
            told = "на" if placed else find_named_part(words, number.end) if number.end < len(words) else ""
            if _can_precede_house(word, placed=placed, opens=opens, told=told):
                return word.text
        fixed = (
            at > 0
            and words[at - 1].text in _PLACE_PREPOSITIONS
            and _is_indeclinable_surname(word)
            and is_followed_by_house(words, at + 1)
        )
        if fixed or (housed and placed and _is_bare_street(words, at)):
            return word.text
        opens = opens and (word.is_filler or at in ordinals)
        if placed and is_followed_by_house(words, at + 1):
            part = find_named_part(words, at + 1)
            on_part = part not in ("", "house") and agree(word, words[at + 1])  # «на техническом этаже»
            if not on_part and (_is_street_like(word) or (part == "house" and _is_bare_adjective(word))):
                return word.text
        if get_street_type(word) not in STREET_TYPES:
            continue
        end = at + 1
        while end < len(words) and end - at <= 3 and not is_followed_by_house(words, end):
            end += 1
        first = at - 1 if at and agree(words[at - 1], word) else at
        adjectives = (*words[first:at], *words[at + 1 : at + 2])
        if (
            housed
            and _is_after_number(words, first)
            and (_has_genitive_noun(words, at) or any(_is_adjective_of(word, one) for one in adjectives))
        ):
            return " ".join(one.text for one in words[first : at + 2])  # «дом семь квартира три улица моховая»
        named = first < at or (end > at + 1 and _can_be_street_name(words[at + 1]))
        if (
            named
            and end < len(words)
            and is_followed_by_house(words, end)
            and find_named_part(words, end) in ("house", "")
        ):
            return " ".join(one.text for one in words[first:end])
    return ""


def _has_house_word(words: Sequence[Word], houses: Mapping[int, Number]) -> bool:
    """Whether a number follows the word «дом»: «дом семь»."""
    return any(find_named_part(words, at - 1) == "house" for at in houses if at)


def _is_bare_street(words: Sequence[Word], at: int) -> bool:
    """Whether a name after a number and «на» or «по» is a street without type word: «дом семь квартира три на моховой»,
    «… на строителей»; not «жалоба на соседей», «на лестничной площадке»."""
    word, after = words[at], words[at + 1 : at + 2]
    if not _is_after_number(words, at) or parse_number_word(word.text) is not None:
        return False
    if any(agree(word, one) for one in after if get_street_type(one) not in STREET_TYPES):
        return False
    if any(form.grammemes >= {"NOUN", "anim", "gent", "plur"} for form in word.parses[:1]):
        return not after
    return _is_bare_adjective(word)


def _is_after_number(words: Sequence[Word], at: int) -> bool:
    """Whether a place name directly follows a number: «квартира три на моховой»; not «темно на моховой»."""
    while at and (words[at - 1].text in PREPOSITIONS or is_filler_word(words[at - 1])):
        at -= 1
    return at > 0 and (words[at - 1].is_number or parse_number_word(words[at - 1].text) is not None)


def _is_bare_adjective(word: Word) -> bool:
    """Whether the word is an adjective that is not also a common noun: «моховой»; not «ванной»."""
    thing = any(
        form.grammemes >= {"NOUN", "loct"} and form.grammemes.isdisjoint(("Surn", "Geox")) for form in word.parses
    )
    named = any(form.grammemes >= {"ADJF", "femn", "loct"} for form in word.parses)
    return named and not thing and not word.has_lemma(*list_everyday_adjectives(), *list_non_street_adjectives())


def _has_genitive_noun(words: Sequence[Word], at: int) -> bool:
    """Whether a street type is followed by a genitive noun: «проспект славы»; not «площадь кухни», «проезд машин»."""
    named = any(form.grammemes >= {"NOUN", "gent"} for word in words[at + 1 : at + 2] for form in word.parses[:1])
    return named and get_street_type(words[at]) in ("улица", "проспект", "бульвар", "переулок")


def _is_adjective_of(kind: Word, word: Word) -> bool:
    """Whether the word is a street adjective of the type: «улица моховая»; not «наша улица», «на узкой дороге»."""
    adjective = any(form.part_of_speech == "ADJF" and "Apro" not in form.grammemes for form in word.parses)
    return (
        adjective
        and agree(word, kind)
        and not word.has_lemma(*list_everyday_adjectives(), *list_non_street_adjectives())
    )


def _can_precede_house(word: Word, *, placed: bool, opens: bool, told: str) -> bool:
    """Whether a bare house number may follow the word: «на вокзальной», «на строителей»; «лиговский» at the beginning.

    `told` is the evidence of a place: «на», or the part whose word follows the number; empty without evidence.
    """
    if parse_number_word(word.text) is not None or word.has_lemma(*list_everyday_adjectives()):
        return False
    for form in word.parses:
        if opens and form.grammemes >= {"ADJF", "nomn", "sing"} and not word.has_lemma(*list_non_street_adjectives()):
            return (
                form.lemma.endswith(_STREET_ADJECTIVE_ENDINGS) or form is word.parses[0]
            )  # a less likely adjective parse may be a surname
        if placed and form.grammemes >= {"ADJF", "femn", "loct"}:
            return True
    if opens and told and _is_indeclinable_surname(word):
        return True  # «дыбенко двадцать три корпус один»
    gent = word.parses[0].grammemes if word.parses and word.parses[0].grammemes >= {"NOUN", "gent"} else frozenset()
    if "plur" in gent and not told:
        return False  # excludes «квартир пять»
    surely = not word.in_dictionary or not gent.isdisjoint(("plur", "Surn", "Name"))
    return (placed or opens) and bool(gent) and (surely or told in ("building", "structure"))


def _is_indeclinable_surname(word: Word) -> bool:
    """Whether the word is a surname without case forms: «дыбенко»."""
    return any(form.grammemes >= {"Surn", "Fixd"} for form in word.parses[:1])


def is_telephone_line(mention: Mention, words: Sequence[Word]) -> bool:
    """Whether «линия» means a telephone line: «соедините со второй линией специалистов»."""
    return mention.name.street_type == "линия" and any(word.has_lemma(*telephone_words()) for word in words)


def is_at_corner(mention: Mention, words: Sequence[Word]) -> bool:
    """Whether the street only names a corner: «угол садовой и первой линии»."""
    before = words[max(mention.first - 4, 0) : mention.first]
    around = (*before, *words[mention.end : mention.end + 1])
    return any(word.text in ("и", "с") for word in around) and any(
        word.has_lemma(*list_corner_words()) for word in before
    )


def _can_be_street_name(word: Word) -> bool:
    """Whether the word after a street type may be its name: «улица строителей», «улица тверская»; not
    «на улице плюс десять», «на дороге у дома»."""
    return not word.in_dictionary or any(
        form.part_of_speech == "ADJF" or "gent" in form.grammemes for form in word.parses[:3]
    )


def _is_street_like(word: Word) -> bool:
    """Whether the word has a form typical of street names before a house number: «невском», «тверской»."""
    return any(
        form.part_of_speech == "ADJF"
        and not form.grammemes.isdisjoint(("loct", "datv"))
        and form.lemma.endswith(_STREET_ADJECTIVE_ENDINGS)
        for form in word.parses
    )


def other_town(words: Sequence[Word], chosen: Sequence[Mention]) -> str:
    """A town other than the company's own when a house, or a street with a house, follows; empty when there is none.

    «в москве на садовой пять» gives a town; «сын в москве, а я на садовой» gives none.
    """
    streets = {one.first: one.end for one in chosen}
    named = {at for one in chosen for at in range(one.first, one.end)}
    for at, word in enumerate(words):
        kind = get_street_type(words[at - 1]) if at else ""
        opens = all(one.is_filler for one in words[:at])
        if opens and at + 1 in streets and any(form.grammemes >= {"Geox", "nomn"} for form in word.parses):
            return "" if at in named or word.has_lemma(*list_own_towns()) else word.text  # «пушкин садовая семь»
        if at in named or not (_is_town(word) or (kind in _TOWN_TYPES and _can_be_town_name(words, at))):
            continue
        if not opens and kind not in _TOWN_TYPES and words[at - 1].text not in ("в", "во", "из"):
            continue
        after = at + 1
        while after < len(words) and (is_filler_word(words[after]) or words[after].text in PREPOSITIONS):
            after += 1
        if (
            opens
            and after not in streets
            and (after == len(words) or find_named_part(words, after) not in ("", "house"))
        ):
            continue  # excludes «бабушкина квартира закрыта»
        if is_followed_by_house(words, streets.get(after, after)):
            return word.text
    return ""


def other_street(words: Sequence[Word], mention: Mention) -> str:
    """The words of another street with a similar name: «большая садовая» for «садовая»; empty when there is none."""
    before = words[mention.first - 1] if mention.first else None
    if before is None or not before.has_lemma(*list_namesake_adjectives()) or not agree(before, words[mention.first]):
        return ""
    return f"{before.text} {words[mention.first].text}"


def _can_be_town_name(words: Sequence[Word], at: int) -> bool:
    """Whether the word after a town type may be its name: «город пушкин»; not «в поселке у нас»,
    «в городе дом пять»."""
    named = any(form.part_of_speech in ("NOUN", "ADJF") for form in words[at].parses[:1])
    return named and not find_named_part(words, at) and not words[at].has_lemma(*list_own_towns())


def _is_town(word: Word) -> bool:
    """Whether the word is a town other than the company's own: «москва». A word that the dictionary lacks needs a town
    ending: «рощино»."""
    town = any("Geox" in form.grammemes for form in word.parses[:1])
    return town and (word.in_dictionary or word.text.endswith(_TOWN_ENDINGS)) and not word.has_lemma(*list_own_towns())

"""Streets and towns that the list doesn't hold: a house there is nobody's of ours."""

from collections.abc import Sequence

from callcenter.understanding.address_items import is_quantity, marker_of
from callcenter.understanding.houses import STREET_TYPES
from callcenter.understanding.numbers import Number, atom
from callcenter.understanding.place_houses import PREPOSITIONS, begins_house, is_empty
from callcenter.understanding.place_names import Mention, corners, everyday, kind_of, own_towns, telephone_words
from callcenter.understanding.words import Word, agree

_OF_TOWNS = ("ский", "ской", "цкий", "цкой")


def unlisted_street(words: Sequence[Word], numbers: Sequence[Number]) -> str:
    """A street that the list doesn't hold: its type, a name of up to three words, a house; «на тверской дом пять»,
    «лиговский пятьдесят», «на строителей двадцать». Empty when there is none."""
    houses = {one.first for one in numbers if not one.ordinal and not is_quantity(words, one)}
    for at, word in enumerate(words):
        placed = at > 0 and words[at - 1].text in ("на", "по")
        if at + 1 in houses and _may_be_named(word, placed=placed, opens=all(one.filler for one in words[:at])):
            return word.text
        if placed and _is_street_like(word) and begins_house(words, at + 1):
            if marker_of(words, at + 1) not in ("", "house") and agree(word, words[at + 1]):
                continue  # «на техническом этаже»
            return word.text
        if kind_of(word) not in STREET_TYPES:
            continue
        end = at + 1
        while end < len(words) and end - at <= 3 and not begins_house(words, end):
            end += 1
        first = at - 1 if at and agree(words[at - 1], word) else at
        named = first < at or (end > at + 1 and _may_name(words[at + 1]))
        if named and end < len(words) and begins_house(words, end) and marker_of(words, end) in ("house", ""):
            return " ".join(one.text for one in words[first:end])
    return ""


def _may_be_named(word: Word, *, placed: bool, opens: bool) -> bool:
    """What a bare house's number may follow: «на вокзальной», «на строителей»; «лиговский» to begin with."""
    if atom(word.text) is not None or word.has(*everyday()):
        return False
    for form in word.forms:
        if opens and form.part == "ADJF" and form.lemma.endswith(_OF_TOWNS) and "nomn" in form.marks:
            return True  # further on it may be a surname
        if placed and form.marks >= {"ADJF", "femn", "loct"}:
            return True
    gent = word.forms[0].marks if word.forms and word.forms[0].marks >= {"NOUN", "gent"} else frozenset()
    return (placed or opens) and bool(gent) and (not word.known or not gent.isdisjoint(("plur", "Surn")))


def is_telephone_line(mention: Mention, words: Sequence[Word]) -> bool:
    """«соедините со второй линией специалистов»."""
    return mention.name.kind == "линия" and any(word.has(*telephone_words()) for word in words)


def is_at_corner(mention: Mention, words: Sequence[Word]) -> bool:
    """«угол садовой и первой линии»."""
    before = words[max(mention.first - 4, 0) : mention.first]
    around = (*before, *words[mention.end : mention.end + 1])
    return any(word.text in ("и", "с") for word in around) and any(word.has(*corners()) for word in before)


def _may_name(word: Word) -> bool:
    """«улица строителей», «улица тверская»; not «на улице плюс десять», «на дороге у дома»."""
    return not word.known or any(form.part == "ADJF" or "gent" in form.marks for form in word.forms[:3])


def _is_street_like(word: Word) -> bool:
    """«невском», «тверской»: what streets are named by, and little else that a house's number follows."""
    return any(
        form.part == "ADJF" and not form.marks.isdisjoint(("loct", "datv")) and form.lemma.endswith(_OF_TOWNS)
        for form in word.forms
    )


def other_town(words: Sequence[Word], chosen: Sequence[Mention]) -> str:
    """A town that is not ours, where a house follows at once or the street of one does: «в москве на садовой пять»,
    not «сын в москве, а я на садовой»."""
    streets = {one.first: one.end for one in chosen}
    named = {at for one in chosen for at in range(one.first, one.end)}
    for at in range(1, len(words)):
        if at in named or not _is_town(words[at]):
            continue
        if words[at - 1].text not in ("в", "во", "из") and kind_of(words[at - 1]) != "город":
            continue
        after = at + 1
        while after < len(words) and (is_empty(words[after]) or words[after].text in PREPOSITIONS):
            after += 1
        if begins_house(words, streets.get(after, after)):
            return words[at].text
    return ""


def _is_town(word: Word) -> bool:
    return any("Geox" in form.marks for form in word.forms[:1]) and word.known and not word.has(*own_towns())

"""Decides whether a name that is also an everyday word is meant as a place: dates («8 Марта») and things («маяк»)."""

from collections.abc import Sequence

from callcenter.understanding.address.house_numbers import (
    house_after,
    is_filler_word,
    is_followed_by_house,
    states_house,
)
from callcenter.understanding.address.items import find_named_part, is_quantity
from callcenter.understanding.address.names import Mention, Name
from callcenter.understanding.numbers.numbers import Number
from callcenter.understanding.words import Word

_DATE_PREPOSITIONS = ("с", "со", "до", "к", "ко", "после", "от", "на")
"""Before «восьмое марта» these prepositions mean a date."""


def is_date(name: Name) -> bool:
    """Whether the name without its type word is a date: «8 Марта»."""
    return any(token.number for token in name.tokens) and any(
        token.lemmas & {"январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь",
                        "ноябрь", "декабрь"} for token in name.tokens
    )  # fmt: skip


def is_street(
    mention: Mention, words: Sequence[Word], numbers: Sequence[Number], *, has_listed_house: bool, asked_part: str
) -> bool:
    """Whether a name that is a date is meant as a street: «на восьмого марта», «восьмое марта дом четыре».

    `has_listed_house`: one of its house numbers stands next to it. `asked_part`: the part of the preceding question.
    """
    before = words[mention.first - 1].text if mention.first else ""
    if before in ("на", "по") and words[mention.first].text.endswith("го"):
        return True  # «на восьмое» is a date
    if has_listed_house and states_house(words, mention.end, numbers):
        return True
    if before in _DATE_PREPOSITIONS:
        return False
    if asked_part == "street" and (mention.end == len(words) or is_followed_by_house(words, mention.end)):
        return True
    return has_listed_house and _is_followed_by_bare_house(words, mention, numbers)


def _is_followed_by_bare_house(words: Sequence[Word], mention: Mention, numbers: Sequence[Number]) -> bool:
    """Whether a bare house number follows a date at the beginning («девятого января девять»), or with an apartment
    («девятого января девять квартира сто»). Hours and other quantities don't count."""
    house, needs_word = house_after(words, mention.end)
    number = next((one for one in numbers if one.first == house and not one.ordinal), None)
    if number is None or needs_word or is_quantity(words, number):
        return False
    opens = all(word.is_filler for word in words[: mention.first])
    flat = any(find_named_part(words, at) == "apartment" for at in range(number.end, len(words)))
    return opens or flat or any(one.first == number.end and not is_quantity(words, one) for one in numbers)


def begins_trouble(words: Sequence[Word], at: int) -> bool:
    """Whether a trouble report follows a complex named first: «(маяк) батареи холодные», «(маяк) у нас нет света»; not
    «(ручей) бежит по стене», «(ручей) вода течёт», «(маяк) на крыше не горит»."""
    if [word.text for word in words[at : at + 2]] in (["у", "нас"], ["у", "меня"]):
        at += 2
    if at >= len(words):
        return False
    said = [word.text for word in words[at : at + 2]]
    if "нет" in said:
        return said[0] == "нет" or any(form.grammemes >= {"NOUN", "gent"} for form in words[at].parses)
    nouns = (form for form in words[at].parses[:1] if form.lemma != "вода")
    return any(form.grammemes >= {"NOUN", "nomn"} for form in nouns)


def building_after(words: Sequence[Word], mention: Mention, numbers: Sequence[Number]) -> str:
    """The building number right after a complex; empty when there is none.

    «гавань корпус три» and «гавань третий корпус» give `3`; «бежит ручей корпус два» gives none.
    """
    if mention.first and any(form.grammemes & {"3per", "past"} for form in words[mention.first - 1].parses[:1]):
        return ""
    after = mention.end
    while after < len(words) and is_filler_word(words[after]):
        after += 1
    for number in numbers:
        named = number.first == after + 1 and find_named_part(words, after) == "building"
        ordered = number.first == after and number.ordinal and number.end < len(words)
        if named or (ordered and find_named_part(words, number.end) == "building"):
            return number.digits
    return ""

"""Finds alternatives that the caller left open («на большом или на малом», «второй или третий дачный»), and numbered
names corrected by their number alone («вторая линия, ой, третья»)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from callcenter.understanding.address.house_numbers import PREPOSITIONS, is_filler_word
from callcenter.understanding.address.items import find_named_part, is_correction_word, is_quantity
from callcenter.understanding.address.names import Mention, Name, get_street_type
from callcenter.understanding.numbers.numbers import Number, parse_number_word
from callcenter.understanding.words import Word, agree

_OR_WORDS = ("или", "либо", "ли")


def find_alternatives(
    words: Sequence[Word], numbers: Sequence[Number], mention: Mention, candidates: Iterable[Mention]
) -> list[Name] | None:
    """The names on the other side of «или»; an empty list when a bare ordinal stands there: «второй или третий дачный».
    None when the caller named no alternative."""
    if not any(word.text in _OR_WORDS for word in words):
        return None
    numbered = any(token.number for token in mention.name.tokens)
    before = _find_end_before_or(words, mention.first)
    if numbered and any(number.end == before and number.ordinal for number in numbers):
        return []
    while before is not None and before > 0 and _is_house_word(words, before - 1):
        before -= 1
    after = _find_start_after_or(words, mention.end)
    names = [
        one.name
        for one in candidates
        if _is_distinct_mention(one, mention) and (one.end == before or one.first == after)
    ]
    return names or None


def _find_end_before_or(words: Sequence[Word], at: int) -> int | None:
    """The index after the last word in front of the «или» that precedes a name; None without «или»."""
    while at > 0 and (words[at - 1].text in PREPOSITIONS or is_filler_word(words[at - 1])):
        at -= 1
    if at < 2 or words[at - 1].text not in _OR_WORDS:
        return None
    return at - 1 if words[at - 1].text != "ли" else at - 2


def _find_start_after_or(words: Sequence[Word], at: int) -> int | None:
    """The index of the first word behind the «или» that follows a name; None without «или»."""
    while at < len(words) and _is_house_word(words, at):
        at += 1
    if at >= len(words) or words[at].text not in _OR_WORDS:
        return None
    at += 1
    while at < len(words) and words[at].text in PREPOSITIONS:
        at += 1
    return at


def _is_distinct_mention(one: Mention, mention: Mention) -> bool:
    return (
        not one.is_fuzzy
        and one.name.official_name != mention.name.official_name
        and not (one.first < mention.end and mention.first < one.end)
    )


def _is_house_word(words: Sequence[Word], at: int) -> bool:
    word = words[at]
    return (
        word.is_number
        or parse_number_word(word.text) is not None
        or find_named_part(words, at) == "house"
        or is_filler_word(word)
    )


def correct_number(
    words: Sequence[Word], numbers: Sequence[Number], mention: Mention, names: Iterable[Name]
) -> Mention:
    """The mention with its number corrected, if it was: «вторая линия ой третья двенадцать»."""
    if not any(token.number for token in mention.name.tokens):
        return mention
    at = mention.end
    while at < len(words) and (is_correction_word(words[at]) or is_filler_word(words[at])):
        at += 1
    number = next((one for one in numbers if one.first == at and one.ordinal), None)
    if number is None or not any(is_correction_word(word) for word in words[mention.end : at]):
        return mention
    if is_quantity(words, number) or (number.end < len(words) and find_named_part(words, number.end)):
        return mention
    name = _find_name_with_number(mention.name, number.digits, names)
    return replace(mention, name=name, end=number.end) if name is not None else mention


def find_contrasted_number(
    words: Sequence[Word], numbers: Sequence[Number], mention: Mention, names: Iterable[Name]
) -> Mention | None:
    """The same name with another number, said by the number alone as a contrast:
    «на третьей линии тепло, а вот на второй холод». None when there is none."""
    if not any(token.number for token in mention.name.tokens):
        return None
    for number in numbers:
        placed = number.ordinal and number.first > mention.end and words[number.first - 1].text == "на"
        if not placed or "а" not in [word.text for word in words[mention.end : number.first]]:
            continue
        if not any(
            agree(words[number.end - 1], word) for word in words[mention.first : mention.end] if get_street_type(word)
        ):
            continue
        if any(
            form.grammemes >= {"NOUN", "loct"} for word in words[number.end : number.end + 1] for form in word.parses
        ):
            continue  # excludes «на второй площадке»
        name = _find_name_with_number(mention.name, number.digits, names)
        if name is not None:
            return replace(mention, name=name, first=number.first, end=number.end)
    return None


def _find_name_with_number(named: Name, digits: str, names: Iterable[Name]) -> Name | None:
    """The name with this number that otherwise equals the given one."""
    said = {token.text for token in named.tokens if not token.number}
    for name in names:
        alike = name.street_type == named.street_type and {one.text for one in name.tokens if not one.number} == said
        if alike and any(token.number == digits for token in name.tokens):
            return name
    return None

"""Applies a speaker's self-corrections to the items of an address before the address is assembled.

«дом пять ой нет семь», «не двенадцать а двадцать», «корпус один или два». A part word names a part of an address
(«дом», «корпус»). `AddressBook` calls `apply_corrections`.
"""

from collections.abc import Sequence

from callcenter.understanding.address.items import Item, ItemKind
from callcenter.understanding.words import Word, agree

_VALUE_KINDS = (ItemKind.PART_WORD, ItemKind.NUMBER, ItemKind.LETTER, ItemKind.SLASH)
_NEGATION_WORDS = ("нет", "нету")
_SKIPPED_KINDS = (ItemKind.CORRECTION, ItemKind.BUT, ItemKind.FILLER, ItemKind.NOT, ItemKind.OR)


def apply_corrections(words: Sequence[Word], items: Sequence[Item]) -> tuple[list[Item], list[tuple[Item, Item]]]:
    """The items without corrected ones, and the pairs of alternatives that the speaker did not choose between.

    «пять или шесть» is such a pair. Both items stay; the reading of the address turns them into a question.
    """
    left = list(items)
    at = 0
    pairs = []
    while at < len(left):
        item = left[at]
        if item.kind is ItemKind.NOT:
            at = _apply_negation(left, at, words)
            continue
        joined = _count_joined_items(left, at, words) or _count_added_items(left, at, words)
        if joined:
            del left[at : at + joined]
            continue
        if item.kind is ItemKind.NUMBER and not item.has_unit:
            other = _find_alternative(left, at, words)
            if other is not None:
                pairs.append((item, left[other]))
                at = other + 1
                continue
            span = _find_replaced_span(left, at, words)
            if span is not None:
                del left[span[0] : span[1]]
                at = max(0, span[0] - 1)
                continue
        if item.kind is ItemKind.CORRECTION and _drop_earlier(left, at, words):
            at -= 2
            continue
        if item.kind is ItemKind.NAME:
            after = _find_after_correction(left, at + 1, words)
            if after is not None and left[after].kind is ItemKind.NAME:
                del left[at:after]
                continue
        at += 1
    return left, pairs


def _drop_earlier(items: list[Item], at: int, words: Sequence[Word]) -> bool:
    """Removes an earlier part that a correcting word repeats further on: «корпус один квартира пять ой корпус два»."""
    alone = words[items[at].first].text in _NEGATION_WORDS and (not at or items[at - 1].kind is not ItemKind.CORRECTION)
    after = _find_after_correction(items, at, words)
    if alone or after is None or after + 1 >= len(items):
        return False  # «дом пять квартира шесть воды нет дом старый»: «нет» corrects nothing
    marker = _get_part_word(items, after) or _get_part_word(items, after + 1)
    if marker is None or ItemKind.NUMBER not in (items[after].kind, items[after + 1].kind):
        return False
    for place in reversed(range(at)):
        if (earlier := _get_part_word(items, place)) is None or earlier.part != marker.part:
            continue
        for number in (place - 1, place + 1):
            said = items[number].number if 0 <= number < at else None
            if said is not None and (said.ordinal or number > place):
                first = min(place, number)
                del items[first : first + 2]
                return True
    return False


def _find_alternative(items: Sequence[Item], at: int, words: Sequence[Word]) -> int | None:
    """The index of an alternative to the number at `at`: «пять или шесть», «первый корпус или второй»."""
    after = at + 2 if _get_part_word(items, at + 1) is not None else at + 1
    if after + 1 < len(items) and items[after].kind is ItemKind.OR and items[after + 1].kind is ItemKind.NUMBER:
        return after + 1
    if _is_approximate(items, at, words):
        return at + 1
    maybe = after
    while maybe < len(items) and words[items[maybe].first].text in ("а", "или", "может", "быть"):
        maybe += 1
    if (
        after < maybe < len(items)
        and items[maybe].kind is ItemKind.NUMBER
        and words[items[maybe - 1].first].text != "а"
    ):
        return maybe  # «пятый этаж а может шестой»; «а» alone is no alternative
    said = [words[item.first].text for item in items[at + 1 : at + 3]]
    if said == ["то", "ли"] and at + 3 < len(items) and items[at + 3].kind is ItemKind.NUMBER:
        return at + 3
    return None


def _is_approximate(items: Sequence[Item], at: int, words: Sequence[Word]) -> bool:
    """Whether two consecutive ordinals are an estimate: «на пятом шестом этаже», not «подъезд пятый шестой этаж»."""
    one, other = items[at].number, items[at + 1].number if at + 1 < len(items) else None
    if one is None or other is None or not one.ordinal or not other.ordinal or other.value != one.value + 1:
        return False
    owner = next((item for item in reversed(items[:at]) if item.kind is not ItemKind.FILLER), None)
    owned = owner is not None and owner.kind in (ItemKind.PART_WORD, ItemKind.NAME)
    return not owned and _get_part_word(items, at + 2) is not None


def _count_joined_items(items: Sequence[Item], at: int, words: Sequence[Word]) -> int:
    """The number of items that name two values of one part, of which neither can be chosen; 0 if they do not.

    «между вторым и третьим этажом», «с первого по пятый подъезд», «квартиры сорок пять и сорок шесть».
    """
    end = at + 1
    while end < len(items) and end - at < 4 and items[end].kind in (ItemKind.OTHER, ItemKind.FILLER):
        end += 1
    if end >= len(items) or items[at].is_quantity or items[end].is_quantity:
        return 0
    one, other = items[at].number, items[end].number
    if one is None or other is None:
        return 0
    between = [words[place].text for place in range(items[at].end, items[end].first)]
    before, after = _get_part_word(items, at - 1), _get_part_word(items, end + 1)
    if between == ["и"] and before is not None and after is None and not _is_person_alone(items[end], words):
        return end + 1 - at
    since = items[at].first > 0 and words[items[at].first - 1].text in ("с", "со", "от")
    linked = between[:1] in (["и"], ["ни"])
    ranged = since and between in (["по"], ["до"])
    if one.ordinal and other.ordinal and (ranged or (before is None and after is not None and linked)):
        return end + 1 - at
    return 0


def _count_added_items(items: Sequence[Item], at: int, words: Sequence[Word]) -> int:
    """As `_count_joined_items`, with the part word between the values: «первый подъезд и второй тоже»."""
    marker, end = _get_part_word(items, at + 1), at + 2
    if marker is None or end >= len(items) or words[items[end].first].text != "и":
        return 0
    end = _skip_prepositions(items, end + 1, words)
    one, other = items[at].number, items[end].number if end < len(items) else None
    if one is None or other is None or not one.ordinal or not other.ordinal or items[end].is_quantity:
        return 0
    same = agree(words[one.end - 1], words[other.end - 1])
    return 0 if not same or _get_part_word(items, end + 1) is not None else end + 1 - at


def _is_person_alone(item: Item, words: Sequence[Word]) -> bool:
    """Whether «один» is a person, not a number: «корпус три и один уже обжёгся»."""
    alone = item.end - item.first == 1 and words[item.first].text in ("один", "одна", "одно")
    return alone and item.end < len(words)


def _apply_negation(items: list[Item], at: int, words: Sequence[Word]) -> int:
    """Removes the value that the «не» at `at` denies, and its «а»; returns the index to continue at."""
    after = _skip_prepositions(items, at + 1, words)
    while after < len(items) and items[after].kind is ItemKind.FILLER:
        after += 1  # «а не просто павлова»: fillers are skipped
    first = after + 1 if _get_part_word(items, after) is not None else after
    if first >= len(items) or items[first].kind not in (ItemKind.NUMBER, ItemKind.NAME, ItemKind.LETTER):
        del items[at]
        return at
    denied, kept = items[first], list[Item]()
    but = first + 1
    while but < len(items) and items[but].kind in _VALUE_KINDS and not _is_adversative(items, but, words):
        but += 1
    if _is_adversative(items, but, words):
        end = _skip_prepositions(items, but + 1, words)
        if but == first + 2 and _get_part_word(items, end + 1) is None:
            kept = [
                item for item in items[first + 1 : but] if item.kind is ItemKind.PART_WORD
            ]  # «не седьмой дом а девятый»
    else:
        end = first + 1  # «не пятая квартира седьмая»: only the number
    items[at:end] = kept
    if at and _is_adversative(items, at - 1, words):
        at -= 1  # «ленинский а не ленина восемьдесят восемь»
        del items[at]
    marked = _get_part_word(items, at - 1) is not None and _get_part_word(items, at + 1) is None
    before = at - 2 if marked else at - 1  # «шестой этаж не шестой пятый», «дом семь не семнадцать а семь»
    if before >= 0 and at < len(items) and _is_said_again(items[before], denied, items[at]):
        items[before] = items.pop(at)
        return at
    return _correct_earlier(items, at, denied)


def _correct_earlier(items: list[Item], at: int, denied: Item) -> int:
    """Replaces an earlier value equal to the denied one; returns the index to continue at.

    «квартира пять корпус два то есть не пять а шесть» becomes flat 6.
    """
    if at >= len(items) or items[at].number is None or denied.number is None:
        return at
    marker = _get_part_word(items, at - 1)
    for place in reversed(range(at - 1)):
        number, owner = items[place].number, _get_part_word(items, place - 1) or _get_part_word(items, place + 1)
        if number is None or number.digits != denied.number.digits or items[place].is_quantity:
            continue
        if marker is not None and (owner is None or owner.part != marker.part):
            continue
        items[place] = items[at]
        first = at - 1 if marker is not None else at
        del items[first : at + 1]
        return first
    return at


def _is_said_again(item: Item, denied: Item, instead: Item) -> bool:
    if item.number is None or denied.number is None or instead.number is None:
        return False
    return item.number.digits in (denied.number.digits, instead.number.digits)


def _skip_prepositions(items: Sequence[Item], at: int, words: Sequence[Word]) -> int:
    while at < len(items) and items[at].kind is ItemKind.OTHER and words[items[at].first].has_part_of_speech("PREP"):
        at += 1
    return at


def _is_adversative(items: Sequence[Item], at: int, words: Sequence[Word]) -> bool:
    """Whether the item is the conjunction «а» and not a letter of a house («литера а»)."""
    named = (before := _get_part_word(items, at - 1)) is not None and before.part == "letter"
    return at < len(items) and words[items[at].first].text == "а" and not named


def _find_replaced_span(items: list[Item], at: int, words: Sequence[Word]) -> tuple[int, int] | None:
    """The range of items to remove when a later number corrects the number at `at`; None without a correction.

    The later number may be put in the place of the earlier one.
    """
    before, follows = _get_part_word(items, at - 1), _get_part_word(items, at + 1)
    after = _find_after_correction(items, at + 1, words)
    if after is not None:
        return _find_adjacent_correction(items, at, after, before)
    after = _find_after_correction(items, at + 2, words) if follows is not None else None
    if follows is None or after is None or items[after].kind is not ItemKind.NUMBER or items[after].has_unit:
        return None
    claimed = _get_part_word(items, after + 1)
    if claimed is not None and after + 2 < len(items) and items[after + 2].kind is ItemKind.NUMBER:
        said = items[after].number
        if said is not None and said.ordinal and not agree(words[said.end - 1], words[claimed.first]):
            claimed = None  # «второй этаж точнее третий квартира двенадцать»: 12 is the flat
    if claimed is None:  # «пятый подъезд ой седьмой»: the later number takes the earlier one's place
        items[at] = items[after]
        return at + 2, after + 1
    return (at, after) if claimed.part == follows.part else None


def _find_adjacent_correction(items: list[Item], at: int, after: int, before: Item | None) -> tuple[int, int] | None:
    """The range to remove when a correction follows directly: «дом пять ой нет семь», «дом пять ой дом семь».

    None for «дом пять нет второй подъезд», where another part follows.
    """
    if items[after].kind is ItemKind.PART_WORD:
        return (at - 1, after) if before is not None and before.part == items[after].part else None
    if items[after].kind is not ItemKind.NUMBER or items[after].is_quantity:
        return None  # «садовая семь нет двух ламп»: a quantity is no correction
    claimed = _get_part_word(items, after + 1)
    numbered = after + 2 < len(items) and items[after + 2].kind is ItemKind.NUMBER
    takes_it = claimed is not None and claimed.part != "letter" and not numbered  # «дом семь нет девять литера а»
    if claimed is not None and takes_it and before is not None and claimed.part != before.part:
        return None
    return at, after


def _get_part_word(items: Sequence[Item], at: int) -> Item | None:
    return items[at] if 0 <= at < len(items) and items[at].kind is ItemKind.PART_WORD else None


def _find_after_correction(items: Sequence[Item], at: int, words: Sequence[Word]) -> int | None:
    """The index of the item after the correcting words that begin at `at`; None when none of them is a correction."""
    cue = False
    while at < len(items) and items[at].kind in _SKIPPED_KINDS:
        if items[at].kind is ItemKind.NOT and (
            _is_adversative(items, at + 2, words) or _negates_earlier_number(items, at)
        ):
            return None  # «корпус два то есть не пять а шесть», «двенадцать нет не двенадцать двадцать»
        text = words[items[at].first].text
        cue = (
            cue or items[at].kind is ItemKind.CORRECTION or (text == "есть" and words[items[at].first - 1].text == "то")
        )
        at += 1
    return at if cue and at < len(items) else None


def _negates_earlier_number(items: Sequence[Item], at: int) -> bool:
    """Whether the «не» at `at` precedes a number that was said earlier and another number follows."""
    numbers = [item.number for item in items[at + 1 : at + 3] if item.number is not None]
    if len(numbers) < 2:
        return False
    denied = numbers[0]
    return any(item.number is not None and item.number.digits == denied.digits for item in items[:at])

"""Ranks places by owner: the caller's own, a neighbor's, or a former one.

«сосед из сороковой топит, а я в тридцать шестой», «раньше жила на энгельса, теперь на ленинском». Of two values of one
part the caller's own is used; when nothing marks either as own, neither is.
"""

from collections.abc import Sequence
from enum import IntEnum
from functools import cache

from callcenter.understanding.address.vocabulary import address_words
from callcenter.understanding.words import Word

BUT = ("а", "но", "зато")
_PLACE_PREPOSITIONS = ("в", "во", "на", "из", "с", "со")
_SOURCE_PREPOSITIONS = ("из", "с", "со", "от")
_MAX_RESIDENCE_DISTANCE = 2
"""Words after a place in which «живу» is searched for: «в сорок пятой я живу»."""


class Ownership(IntEnum):
    """Whose place it is, by the words around it. A higher rank wins."""

    FOREIGN = -1
    """Another person's, or one where the caller lived before."""
    UNMARKED = 0
    OWN = 1
    """«у нас», «моя квартира»."""
    RESIDENCE = 2
    """The caller says that they live there."""
    REPRESENTED = 3
    """Of a person for whom the caller calls: «у мамы»."""
    CALL_SUBJECT = 4
    """The caller says that the call is about it."""


def find_callers_own(words: Sequence[Word], spans: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Indices of the places with the highest rank: they may be the caller's own. Several indices: nothing decides
    between them.

    `spans`: the places as word ranges, in word order. When a relative's place ranks highest, own places stay as well.
    """
    since = [0, *(end for _, end in spans)]
    sure = [rank_ownership(words, span, start) for span, start in zip(spans, since, strict=False)]
    if not sure:
        return ()
    least = (
        Ownership.OWN if max(sure) == Ownership.REPRESENTED else max(sure)
    )  # own places stay: «у дочери течёт, а моя квартира …»
    return tuple(at for at, one in enumerate(sure) if one >= least)


def rank_ownership(words: Sequence[Word], span: tuple[int, int], since: int = 0) -> Ownership:
    """The rank of a place by the words around it. `since` is the index where the previous place ends."""
    first, end = span
    start = _find_clause_start(words, first, since)
    if _names_call_subject(words[start:first]):
        return Ownership.CALL_SUBJECT
    lives = [
        mark
        for word in (*words[start:first], *_find_residence_verb(words, end))
        if (mark := _get_residence_tense(word))
    ]
    if lives or any(word.text in _read_owner_words("past") for word in words[start:first]):
        return Ownership.RESIDENCE if "1per" in lives else Ownership.FOREIGN
    if preposition_before(words, first) in _SOURCE_PREPOSITIONS and any(
        word.has_lemma(*_read_owner_words("moved")) for word in words[start:first]
    ):
        return Ownership.FOREIGN
    for at in reversed(range(start, first + 1)):
        if rank := _rank_word(words, at):
            return rank
    return Ownership.OWN if start > 0 and words[start - 1].text == "теперь" else Ownership.UNMARKED


def find_statement_start(words: Sequence[Word], first: int, since: int) -> int:
    """Index where the statement about a place begins: after «а» or «теперь», else at the word that tells the owner."""
    start = _find_clause_start(words, first, since)
    if start > since:
        return start
    said = next(
        (at for at in range(since, first) if _rank_word(words, at) or words[at].text in _read_owner_words("past")),
        first,
    )
    return said - 1 if said > since and words[said - 1].text in ("у", "к", "с", "за") else said


def is_contrasted(words: Sequence[Word], first: int, since: int) -> bool:
    """Whether «а», «но», «сегодня» or the like separates a place from the previous one: «есть, а во втором нет»,
    «сегодня в пятом»."""
    return _find_clause_start(words, first, since) > since


def preposition_before(words: Sequence[Word], first: int) -> str:
    """The preposition before a place («в нашем пятом»), else its owner word («наш пятый»); empty without either."""
    at = first - 1
    while at > 0 and words[at].text in _read_owner_words("own"):
        at -= 1
    if at >= 0 and words[at].text in _PLACE_PREPOSITIONS:
        return words[at].text
    owner = words[first - 1].text if first else ""
    return owner if owner in _read_owner_words("own") or owner in ("нас", "меня") else ""


def is_movement_endpoint(words: Sequence[Word], first: int) -> bool:
    """Whether a floor is only the end or the start of a movement: «до третьего этажа», «кидают с девятого»; not
    «я с девятого», «звонят с девятого», «с девятого спускаюсь»."""
    before = words[first - 1].text if first else ""
    if before not in ("до", "с", "со") or (
        before != "до" and rank_ownership(words, (first, first)) > Ownership.UNMARKED
    ):
        return False
    called = any(word.has_lemma(*_read_owner_words("calls")) for word in words)
    return before == "до" or not (called or any(_is_of_speaker(word) for word in words[first : first + 5]))


def _is_of_speaker(word: Word) -> bool:
    """Whether the word is a verb in the first person: «могу», «спускаюсь»."""
    return any(form.grammemes >= {"VERB", "1per"} for form in word.parses[:1])


def comes_from_others(words: Sequence[Word], first: int) -> bool:
    """Whether the place is another person's, where the trouble comes from: «сосед из сорок восьмой», «соседи с пятого»,
    «сверху сорок пятая»."""
    before = words[first - 1] if first else None
    relative = before is not None and before.has_lemma(*_read_owner_words("relatives"))
    if before is None or relative or (before.text not in _SOURCE_PREPOSITIONS and _rank_word(words, first - 1) >= 0):
        return False
    sign = next(
        (sign for at in reversed(range(_find_clause_start(words, first, 0), first)) if (sign := _rank_word(words, at))),
        0,
    )
    return sign < 0


def _find_clause_start(words: Sequence[Word], first: int, since: int) -> int:
    """Index after the last «а», «но» or «теперь» before a place, but not before `since`; «а не» does not count."""
    for at in range(first - 1, since - 1, -1):
        if words[at].text in _read_owner_words("now") or (words[at].text in BUT and words[at + 1].text != "не"):
            return at + 1
    return since


def _names_call_subject(before: Sequence[Word]) -> bool:
    """Whether the words announce the subject of the call: «звоню по», «звоню насчёт квартиры на»."""
    calls = next(
        (at for at, word in enumerate(before) if word.has_lemma(*_read_owner_words("calls")) and _is_of_speaker(word)),
        None,
    )
    return calls is not None and any(word.text in _read_owner_words("about") for word in before[calls:])


def _rank_word(words: Sequence[Word], at: int) -> Ownership:
    """The rank (see `rank_ownership`) that one word gives to the place after it."""
    word, before = words[at], words[at - 1].text if at else ""
    if word.text in _read_owner_words("own"):
        return _rank_own_word(words, at)
    if word.text in ("нас", "меня"):  # «у нас», «заливают нас на четвёртом»; «нас топит из сорок девятой»
        if before == "у" or (at + 1 < len(words) and words[at + 1].text in _PLACE_PREPOSITIONS[:3]):
            return Ownership.OWN
        near = (*words[max(at - 1, 0) : at], *words[at + 1 : at + 2])
        return Ownership.FOREIGN if any(one.has_part_of_speech("VERB") for one in near) else Ownership.OWN
    if word.has_lemma(*_read_owner_words("relatives")) and before in ("у", "за", "для", "к"):
        return Ownership.REPRESENTED
    if word.text in _read_owner_words("others") or word.has_lemma(
        *_read_owner_words("others"), *_read_owner_words("relatives")
    ):
        return Ownership.OWN if before in ("я", "мы") else Ownership.FOREIGN  # «я соседка из тридцать шестой»
    return Ownership.UNMARKED


def _rank_own_word(words: Sequence[Word], at: int) -> Ownership:
    """The rank that a first-person word gives: OWN for «а мне в двадцатую», UNMARKED for «мне сказали» and «соседка
    моя», FOREIGN for «над нами»."""
    word, before = words[at], words[max(at - 1, 0)]
    if word.text in ("мне", "нам"):
        is_place_next = at + 1 < len(words) and words[at + 1].text in _PLACE_PREPOSITIONS[:3]
        return Ownership.OWN if is_place_next else Ownership.UNMARKED
    if word.text == "нами":
        return Ownership.FOREIGN if before.text in ("над", "под", "за") else Ownership.UNMARKED
    is_of_other = before.has_lemma(*_read_owner_words("others"), *_read_owner_words("relatives"))
    return Ownership.UNMARKED if is_of_other else Ownership.OWN


def _get_residence_tense(word: Word) -> str:
    """`1per` for «живу», `past` for «жила»; empty for other words."""
    if not word.has_lemma(*_read_owner_words("lives")):
        return ""
    return next((mark for mark in ("1per", "past") if any(mark in form.grammemes for form in word.parses)), "")


def _find_residence_verb(words: Sequence[Word], end: int) -> Sequence[Word]:
    """The verb of residence right after a place: «в сорок пятой я живу»; none when a new clause or place starts:
    «работаю на садовой три живу на тихой», «… а живу на тихой»."""
    for at in range(end, min(end + _MAX_RESIDENCE_DISTANCE, len(words))):
        if words[at].text in BUT:
            break
        if _get_residence_tense(words[at]):
            goes_on = at + 1 < len(words) and words[at + 1].text in _PLACE_PREPOSITIONS
            return () if goes_on else words[at : at + 1]
    return ()


@cache
def _read_owner_words(name: str) -> frozenset[str]:
    return frozenset(address_words()["owners"][name])

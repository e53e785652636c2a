"""Whose a part of an address is: the caller's own, a neighbour's, that of former days.

«сосед из сороковой топит, а я в тридцать шестой», «раньше жила на энгельса, теперь на ленинском». Of two values that
one part was given the caller's own is taken; where nothing tells them apart nobody chooses.
"""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from callcenter.understanding.words import Word

BUT = ("а", "но", "зато")
_PLACED = ("в", "во", "на", "из", "с", "со")
_SOURCES = ("из", "с", "со", "от")
_FOR_OTHERS = 3
_LIVES_AFTER = 2
"""How many words after a place «живу» may stand: «в сорок пятой я живу»."""


def find_own(words: Sequence[Word], spans: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Which of several places, given by their words in the line's order, may be the caller's: none is likelier."""
    since = [0, *(end for _, end in spans)]
    sure = [whose(words, span, start) for span, start in zip(spans, since, strict=False)]
    if not sure:
        return ()
    least = 1 if max(sure) == _FOR_OTHERS else max(sure)  # «у дочери течёт, а моя квартира …»
    return tuple(at for at, one in enumerate(sure) if one >= least)


def whose(words: Sequence[Word], span: tuple[int, int], since: int = 0) -> int:
    """3: of one for whom the caller calls; 2: the caller says they live there; 1: theirs; 0: not told; -1: another's, a
    former one.

    `since`: where the place before it ended.
    """
    first, end = span
    start = _clause(words, first, since)
    if any(_lives(word) for word in (*words[start:first], *words[end : end + _LIVES_AFTER])):
        return 2
    if any(word.text in _words("past") for word in words[start:first]):
        return -1
    if preposition_before(words, first) in _SOURCES and any(word.has(*_words("moved")) for word in words[start:first]):
        return -1
    return next((sign for at in reversed(range(start, first + 1)) if (sign := _sign(words, at))), 0)


def begin_of(words: Sequence[Word], first: int, since: int) -> int:
    """Where what is said of a place begins: at «а», at «теперь», else at the word that says whose it is."""
    start = _clause(words, first, since)
    if start > since:
        return start
    said = next((at for at in range(since, first) if _sign(words, at) or words[at].text in _words("past")), first)
    return said - 1 if said > since and words[said - 1].text in ("у", "к", "с", "за") else said


def is_contrasted(words: Sequence[Word], first: int, since: int) -> bool:
    """Whether a place is set against the one before it: «есть, а во втором нет», «сегодня в пятом»."""
    return _clause(words, first, since) > since


def preposition_before(words: Sequence[Word], first: int) -> str:
    """The word before a place, «наш» left out: «в нашем пятом»."""
    at = first - 1
    while at > 0 and words[at].text in _words("own"):
        at -= 1
    return words[at].text if at >= 0 else ""


def comes_from_others(words: Sequence[Word], first: int) -> bool:
    """«сосед из сорок восьмой», «соседи с пятого», «сверху сорок пятая»: where the trouble comes from."""
    before = words[first - 1] if first else None
    relative = before is not None and before.has(*_words("relatives"))
    if before is None or relative or (before.text not in _SOURCES and _sign(words, first - 1) >= 0):
        return False
    sign = next((sign for at in reversed(range(_clause(words, first, 0), first)) if (sign := _sign(words, at))), 0)
    return sign < 0


def _clause(words: Sequence[Word], first: int, since: int) -> int:
    """After the last «а» or «теперь» before a place, not before `since`."""
    for at in range(first - 1, since - 1, -1):
        if words[at].text in _words("now") or (words[at].text in BUT and words[at + 1].text != "не"):
            return at + 1
    return since


def _sign(words: Sequence[Word], at: int) -> int:
    """What one word says of whose the place after it is."""
    word, before = words[at], words[at - 1].text if at else ""
    if word.text in _words("own"):
        return _owns(words, at)
    if word.text in ("нас", "меня"):  # «у нас», «заливают нас на четвёртом»; «нас топит из сорок девятой»
        if before == "у" or (at + 1 < len(words) and words[at + 1].text in _PLACED[:3]):
            return 1
        near = (*words[max(at - 1, 0) : at], *words[at + 1 : at + 2])
        return -1 if any(one.may_be("VERB") for one in near) else 1
    if word.has(*_words("relatives")) and before in ("у", "за", "для", "к"):
        return _FOR_OTHERS
    if word.text in _words("others") or word.has(*_words("others"), *_words("relatives")):
        return 1 if before in ("я", "мы") else -1  # «я соседка из тридцать шестой»
    return 0


def _owns(words: Sequence[Word], at: int) -> int:
    """«а мне в двадцатую»; not «мне сказали», «соседка моя», and «над нами» is another's."""
    word, before = words[at], words[max(at - 1, 0)]
    if word.text in ("мне", "нам"):
        return int(at + 1 < len(words) and words[at + 1].text in _PLACED)
    if word.text == "нами":
        return -1 if before.text in ("над", "под", "за") else 0
    return 0 if before.has(*_words("others"), *_words("relatives")) else 1


def _lives(word: Word) -> bool:
    """«живу», «живем»."""
    return word.has(*_words("lives")) and any("1per" in form.marks for form in word.forms)


@cache
def _words(name: str) -> frozenset[str]:
    document: Any = tomllib.loads(Path(__file__).with_name("address.toml").read_text(encoding="utf-8"))
    return frozenset(document["owners"][name])

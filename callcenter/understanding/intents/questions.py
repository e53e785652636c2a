"""Whether a line asks something, and whether two lines ask the same: for those questions that nobody answered."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from callcenter.understanding.words import Word, read_words

LEAST_WORDS = 3
"""That are in the dictionary and no fillers; less is no question that its owner could answer: «что», «когда это»."""
FIRST_WORDS, LAST_WORDS = 4, 3
"""Where a question word asks, fillers not counted: «у нас во дворе когда …», «… скамейки когда поставят»."""
SHARED = 0.6
"""Of the words of the shorter of two lines, when both ask the same."""


@dataclass(frozen=True, slots=True)
class _QuestionMarkers:
    ends: frozenset[str]
    anywhere: frozenset[str]
    swearing: tuple[str, ...]


def is_question(text: str) -> bool:
    """Whether the line asks something in words enough; swearing, noise and single words don't."""
    words = _drop_swearing(read_words(text))
    return len(_list_content_words(words)) >= LEAST_WORDS and _has_question_word(words)


def list_matter(text: str) -> frozenset[str]:
    """The lemmas of what a line is about: lines with the same ones differ by order, endings and fillers only."""
    return frozenset(word.lemma for word in _list_content_words(_drop_swearing(read_words(text))))


def ask_the_same(one: str, other: str) -> bool:
    """Whether two lines of one caller are one question, said twice or heard twice."""
    matter, others = list_matter(one), list_matter(other)
    return len(matter & others) >= SHARED * min(len(matter), len(others))


def _has_question_word(words: Sequence[Word]) -> bool:
    signs = _read_question_markers()
    told = [word.text for word in words if not word.is_filler or word.text in signs.ends]
    ends = {*told[:FIRST_WORDS], *told[-LAST_WORDS:]}
    return not (signs.ends.isdisjoint(ends) and signs.anywhere.isdisjoint(told))


def _list_content_words(words: Sequence[Word]) -> list[Word]:
    return [word for word in words if word.in_dictionary and not word.is_filler]


def _drop_swearing(words: Sequence[Word]) -> list[Word]:
    """The words without swearing and without what each swear word is said to."""
    swears = [word.text.startswith(_read_question_markers().swearing) for word in words] + [False]
    return [word for at, word in enumerate(words) if not swears[at] and not swears[at + 1]]


@cache
def _read_question_markers() -> _QuestionMarkers:
    read = tomllib.loads(Path(__file__).with_name("asking.toml").read_text(encoding="utf-8"))
    return _QuestionMarkers(frozenset(read["ends"]), frozenset(read["anywhere"]), tuple(read["swearing"]))

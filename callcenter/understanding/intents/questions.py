"""Tells whether a line is a question and whether two lines ask the same question.

The dialogue uses it to keep questions that no article answers, the questions desk to merge repeated ones.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from callcenter.understanding.words import Word, read_words

LEAST_WORDS = 3
"""Minimum number of content words (dictionary words, no fillers) of a question; «когда это» cannot be answered."""
FIRST_WORDS, LAST_WORDS = 4, 3
"""Words at the beginning and at the end of a line among which a question word counts; fillers are not numbered:
«у нас во дворе когда …», «… скамейки когда поставят»."""
MIN_SHARED_RATIO = 0.6
"""Minimum share of common lemmas, of the shorter line's, for two lines to be the same question."""


@dataclass(frozen=True, slots=True)
class _QuestionMarkers:
    ends: frozenset[str]
    anywhere: frozenset[str]
    swearing: tuple[str, ...]


def is_question(text: str) -> bool:
    """Whether the line has a question word and at least `LEAST_WORDS` content words; swearing is ignored."""
    words = _drop_swearing(read_words(text))
    return len(_list_content_words(words)) >= LEAST_WORDS and _has_question_word(words)


def list_content_lemmas(text: str) -> frozenset[str]:
    """The lemmas of a line's content words. Lines with equal sets differ only in order, inflection and fillers."""
    return frozenset(word.lemma for word in _list_content_words(_drop_swearing(read_words(text))))


def is_same_question(one: str, other: str) -> bool:
    """Whether two lines of one caller are the same question, repeated or recognized twice."""
    matter, others = list_content_lemmas(one), list_content_lemmas(other)
    return len(matter & others) >= MIN_SHARED_RATIO * min(len(matter), len(others))


def _has_question_word(words: Sequence[Word]) -> bool:
    signs = _read_question_markers()
    told = [word.text for word in words if not word.is_filler or word.text in signs.ends]
    ends = {*told[:FIRST_WORDS], *told[-LAST_WORDS:]}
    return not (signs.ends.isdisjoint(ends) and signs.anywhere.isdisjoint(told))


def _list_content_words(words: Sequence[Word]) -> list[Word]:
    return [word for word in words if word.in_dictionary and not word.is_filler]


def _drop_swearing(words: Sequence[Word]) -> list[Word]:
    """The words without swear words and without the word before each of them."""
    swears = [word.text.startswith(_read_question_markers().swearing) for word in words] + [False]
    return [word for at, word in enumerate(words) if not swears[at] and not swears[at + 1]]


@cache
def _read_question_markers() -> _QuestionMarkers:
    read = tomllib.loads(Path(__file__).with_name("asking.toml").read_text(encoding="utf-8"))
    return _QuestionMarkers(frozenset(read["ends"]), frozenset(read["anywhere"]), tuple(read["swearing"]))

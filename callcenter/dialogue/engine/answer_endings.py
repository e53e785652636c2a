"""The expected phrases of a question, and the silence that ends an answer to it.

`attention.py` passes the phrases to the recognizer; `hearing.client.recognition` uses `judge_pause` for endpointing.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from callcenter.dialogue.scripts.phrases import find_phrase, normalize_words
from callcenter.dialogue.scripts.script import Ask, Digits
from callcenter.dialogue.scripts.vocabulary import CLOSED_MEANINGS, CONFIRMED, DENIED, ENOUGH, PERSON

WHOLE_SECONDS = 0.2
"""Silence, in seconds, that ends an answer when its words match one answer of the question and no other.

Longer: the reply comes later. Shorter: a pause inside an answer cuts it. Measured response times are in
docs/reliability.md.
"""
PART_SECONDS = 0.6
"""Silence, in seconds, that ends any other answer to a closed question, for example a number read out in groups, and
a bare yes or no to an open question. Pauses between digits are mostly shorter."""
STORY_SECONDS = 0.9
"""Silence, in seconds, that ends an answer to an open question. Callers pause longer between sentences of a story, and
between a street and a house number."""


def is_open(ask: Ask) -> bool:
    """Whether the question accepts free speech: it has a meaning outside `CLOSED_MEANINGS`."""
    return not set(ask.meanings) <= CLOSED_MEANINGS


def judge_pause(ask: Ask, text: str) -> float:
    """Seconds of silence after which `text`, a partial result, is taken as the complete answer.

    Closed question: `WHOLE_SECONDS` if exactly one answer matches, else `PART_SECONDS`. Open question:
    `STORY_SECONDS`, since «спасибо» may go on with «ещё кран капает»; `PART_SECONDS` if `text` has only words of listed
    answers, such as «да», or is empty.
    """
    if is_open(ask):
        return PART_SECONDS if _list_answer_words(ask).issuperset(normalize_words(text).split()) else STORY_SECONDS
    fitting = sum(find_phrase(answer.phrases, text) is not None for answer in ask.answers)
    return WHOLE_SECONDS if fitting == 1 else PART_SECONDS


def list_expected_phrases(ask: Ask) -> Iterator[str]:
    """Phrases that may answer the question, as far as they can be listed: its own, those accepted at any question, and
    the words of numbers, yes, no and a request for a person."""
    for phrase in ask.phrases:
        yield from phrase.variants
    if isinstance(ask.reply, Digits):
        yield from (*load_expected_words()["numbers"], *load_expected_words()["person"])
    yield from _list_answers(ask)


def _list_answer_words(ask: Ask) -> set[str]:
    """The words of listed answers, normalized as `find_phrase` does: the recognizer may write «все» for «всё»."""
    ways = [way for answer in ask.answers for phrase in answer.phrases for way in phrase.variants]
    return {word for way in (*ways, *_list_answers(ask)) for word in normalize_words(way).split()}


def _list_answers(ask: Ask) -> Iterator[str]:
    for name, row in ((CONFIRMED, "yes"), (DENIED, "no"), (PERSON, "person"), (ENOUGH, "enough")):
        if name in ask.meanings:
            yield from load_expected_words()[row]


@cache
def load_expected_words() -> Mapping[str, tuple[str, ...]]:
    """The rows of `expected.toml`: name -> words."""
    rows = tomllib.loads(Path(__file__).with_name("expected.toml").read_text(encoding="utf-8"))
    return {name: tuple(words.split()) for name, words in rows.items()}

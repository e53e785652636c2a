"""Which words a question may be answered with, and how long they are waited for after them: when an answer ends."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from callcenter.dialogue.scripts.phrases import find_phrase
from callcenter.dialogue.scripts.script import Ask, Digits
from callcenter.dialogue.scripts.vocabulary import CLOSED_MEANINGS, CONFIRMED, DENIED, ENOUGH, PERSON

WHOLE_SECONDS = 0.2
"""After a whole answer."""
PART_SECONDS = 0.6
"""Callers who read figures make shorter pauses, mostly."""
STORY_SECONDS = 0.9
"""Between the sentences of a story, and the street and the house, people think for longer."""


def is_open(ask: Ask) -> bool:
    """Whether anything may be said to the question."""
    return not set(ask.meanings) <= CLOSED_MEANINGS


def judge_pause(ask: Ask, text: str) -> float:
    """Seconds of quiet after which words that may still go on are all that is said. Few where one answer fits them and
    no other. Where a caller may say anything none is whole, «спасибо» may go on with «ещё кран капает»; but «да» is
    waited for no longer than elsewhere."""
    if is_open(ask):
        return PART_SECONDS if _list_answer_words(ask).issuperset(text.split()) else STORY_SECONDS
    fitting = sum(find_phrase(answer.phrases, text) is not None for answer in ask.answers)
    return WHOLE_SECONDS if fitting == 1 else PART_SECONDS


def list_ways(ask: Ask) -> Iterator[str]:
    """Words that answer the question, or may be said to any, as far as they can be listed."""
    for phrase in ask.phrases:
        yield from phrase.variants
    if isinstance(ask.reply, Digits):
        yield from (*read_expected()["numbers"], *read_expected()["person"])
    yield from _list_answers(ask)


def _list_answer_words(ask: Ask) -> set[str]:
    ways = [way for answer in ask.answers for phrase in answer.phrases for way in phrase.variants]
    return {word for way in (*ways, *_list_answers(ask)) for word in way.split()}


def _list_answers(ask: Ask) -> Iterator[str]:
    for name, row in ((CONFIRMED, "yes"), (DENIED, "no"), (PERSON, "person"), (ENOUGH, "enough")):
        if name in ask.meanings:
            yield from read_expected()[row]


@cache
def read_expected() -> Mapping[str, tuple[str, ...]]:
    """The rows of `expected.toml`."""
    rows = tomllib.loads(Path(__file__).with_name("expected.toml").read_text(encoding="utf-8"))
    return {name: tuple(words.split()) for name, words in rows.items()}

"""Thanks and goodbyes: whether an utterance consists of them, and the utterance without them."""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from callcenter.dialogue.interpretation.company_name import with_company_name
from callcenter.understanding.words import Word


def ends_conversation(read: Sequence[Word]) -> bool:
    """Whether the utterance only ends the conversation: «спасибо», «всё больше ничего не надо»; not «спасибо а когда
    собрание»."""
    return _parse_courtesies(read) is True


def is_courtesy(read: Sequence[Word]) -> bool:
    """Whether the utterance has only polite words and fillers: «ну ладно подожду», «спасибо»."""
    return _parse_courtesies(read) is not None


def _parse_courtesies(read: Sequence[Word]) -> bool | None:
    """Splits the utterance into phrases of `courtesy.toml`: True if one of them ends the conversation, False if none
    does, None if other words remain."""
    left, ends = [word.text for word in read if not word.is_filler], False
    while left:
        enough, around = _measure_longest_phrase(left, "enough"), _measure_longest_phrase(left, "around")
        if not (enough or around):
            return None
        ends = ends or enough >= around
        left = left[max(enough, around) :]
    return ends


def strip_thanks(read: Sequence[Word]) -> Sequence[Word]:
    """Drops thanks at both ends, and an opening such as «это аварийная служба». Unchanged if nothing else remains."""
    texts = [word.text for word in read]
    first, end, thanked = 0, len(texts), False
    while first < end:
        thanks = _measure_longest_phrase(texts[first:], "thanks") or _measure_longest_phrase(texts[first:], "openings")
        thanked = thanked or thanks > 0
        length = thanks or _measure_longest_phrase(texts[first:], "before")
        if not length:
            break
        first += length
    if not thanked:
        first = 0
    while end > first and _measure_longest_phrase(texts[end - 1 : end], "thanks"):
        end -= 1
    return read[first:end] or read


def is_gratitude(read: Sequence[Word]) -> bool:
    """Whether the caller gives thanks for work done: «спасибо мастер всё починил», not «почините спасибо»."""
    if not any(_measure_longest_phrase([word.text], "thanks") for word in read):
        return False
    done = [at for at, word in enumerate(read) if _is_done(word)]
    denied = any(read[at - 1].text == "не" for at in done if at)
    return bool(done) and not denied and not any(word.text in _load_words()["turns"] for word in read[done[-1] :])


def _is_done(word: Word) -> bool:
    return any("past" in form.grammemes and form.lemma in _load_words()["done"] for form in word.parses)


def _measure_longest_phrase(texts: Sequence[str], row: str) -> int:
    """Length, in words, of the longest phrase of `row` at the start of `texts`; 0 for none."""
    fitting = (len(phrase) for phrase in _phrases(row) if tuple(texts[: len(phrase)]) == phrase)
    return max(fitting, default=0)


@cache
def _phrases(row: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(phrase.split()) for phrase in _load_words()[row])


@cache
def _load_words() -> dict[str, list[str]]:
    return tomllib.loads(with_company_name(Path(__file__).with_name("courtesy.toml")))

"""Recognizes yes, no and unclear answers in a caller's reply: «да нет не надо», «не совсем», «нет всё верно».

The phrases are in `confirmation.toml`. The dialogue's interpreter and `Understanding` call `find_confirmation`.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from callcenter.understanding.numbers.numbers import is_hesitation
from callcenter.understanding.words import Word

_MAX_WORDS_BEFORE = 3
"""Maximum number of content words before an answer that ends the reply; after more of them it is no answer."""


class ConfirmationAnswer(StrEnum):
    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An answer and its words. `rest_start` is the index of the first word after the answer: after a no, a correction
    may begin there («нет дом семь»)."""

    answer: ConfirmationAnswer
    words: str
    rest_start: int


def find_confirmation(words: Sequence[Word]) -> Confirmation | None:
    """The answer in a reply; None when the reply is something else.

    An answer must begin or end the reply («адрес верный да»). If the reply has different answers, the last one counts
    when a correcting word precedes it and it ends the reply («нет то есть да»); otherwise the result is UNCLEAR.
    """
    kept = [(at, word) for at, word in enumerate(words) if not is_hesitation(word)]
    if _is_insistence([word.text for _, word in kept]):
        return Confirmation(ConfirmationAnswer.YES, " ".join(word.text for _, word in kept), kept[-1][0] + 1)
    found: list[tuple[ConfirmationAnswer, int, int]] = []
    at = 0
    while at < len(kept):
        answer, length = _find_longest_phrase(kept, at)
        if answer is None:
            at += 1
            continue
        found.append((answer, at, at + length))
        at += length
    found = [one for one in found if _is_answer_position(one, kept)]
    if not found:
        return None
    first, last = found[0], found[-1]
    text = " ".join(word.text for _, word in kept[first[1] : last[2]])
    answers = {answer for answer, _, _ in found}
    chosen = first[0] if len(answers) == 1 else _resolve_conflict(found, kept)
    turned = any(word.text in _read_words("turns") for _, word in kept[first[2] : first[2] + 2])
    if chosen is ConfirmationAnswer.YES and turned:
        chosen = ConfirmationAnswer.UNCLEAR
    return Confirmation(chosen, text, kept[last[2] - 1][0] + 1 if len(answers) == 1 else kept[first[2] - 1][0] + 1)


def _is_insistence(texts: Sequence[str]) -> bool:
    """Whether the caller repeats a request despite an objection: «запишите всё равно», «нет вы всё-таки запишите»."""
    said = f" {' '.join(texts)} "
    without = said
    for phrase in _read_vocabulary()["anyway"]:
        without = without.replace(f" {phrase} ", " ")
    left = [
        text for text in without.split() if text not in _read_words("quiet") and text not in _read_words("beside_wish")
    ]
    return without != said and left != [] and all(text in _read_words("wish") for text in left)


def _find_longest_phrase(kept: Sequence[tuple[int, Word]], at: int) -> tuple[ConfirmationAnswer | None, int]:
    """The longest answer phrase that begins at `kept[at]` and its length in words; (None, 0) without one."""
    if kept[at][1].text not in _list_first_words():
        return None, 0
    for length in range(min(_get_max_phrase_length(), len(kept) - at), 0, -1):
        answer = _read_phrases().get(tuple(word.text for _, word in kept[at : at + length]))
        if answer is not None:
            return answer, length
    return None, 0


def _is_answer_position(one: tuple[ConfirmationAnswer, int, int], kept: Sequence[tuple[int, Word]]) -> bool:
    """Whether a phrase stands where an answer stands: after only quiet words or other answers, or at the very end."""
    _, first, end = one
    alone_only = end - first == 1 and kept[first][1].text in _read_words("weak")
    before = [
        word
        for _, word in kept[:first]
        if word.text not in _read_words("quiet") and (word.text,) not in _read_phrases()
    ]
    after = [word for _, word in kept[end:] if word.text not in _read_words("quiet")]
    beside = [*after[:1], *([kept[first - 1][1]] if before else [])]
    if kept[first][1].text == "нет" and end - first == 1 and any(_is_genitive_noun(word) for word in beside):
        return False  # «нет воды», «воды нет»: a report, not an answer
    if not before:
        return not (alone_only and after)
    return not after and len(before) <= _MAX_WORDS_BEFORE and not alone_only


def _is_genitive_noun(word: Word) -> bool:
    return (
        word.parses[:1] != ()
        and word.parses[0].part_of_speech == "NOUN"
        and any("gent" in form.grammemes for form in word.parses)
    )


def _resolve_conflict(
    found: Sequence[tuple[ConfirmationAnswer, int, int]], kept: Sequence[tuple[int, Word]]
) -> ConfirmationAnswer:
    """Chooses between different answers: the last one if a correcting word precedes it and it ends the reply."""
    answer, first, end = found[-1]
    between = {word.text for _, word in kept[found[-2][2] : first]}
    corrected = bool(between & {"то", "точнее", "вернее", "ой", "простите", "извините"})
    if answer is ConfirmationAnswer.UNCLEAR or ConfirmationAnswer.UNCLEAR in {one[0] for one in found}:
        return ConfirmationAnswer.UNCLEAR
    return answer if corrected and end == len(kept) else ConfirmationAnswer.UNCLEAR


@cache
def _read_phrases() -> dict[tuple[str, ...], ConfirmationAnswer]:
    return {tuple(phrase.split()): answer for answer in ConfirmationAnswer for phrase in _read_vocabulary()[answer]}


@cache
def _read_words(name: str) -> frozenset[str]:
    return frozenset(_read_vocabulary()[name])


@cache
def _list_first_words() -> frozenset[str]:
    return frozenset(phrase[0] for phrase in _read_phrases())


@cache
def _get_max_phrase_length() -> int:
    return max(len(phrase) for phrase in _read_phrases())


@cache
def _read_vocabulary() -> dict[str, list[str]]:
    return tomllib.loads(Path(__file__).with_name("confirmation.toml").read_text(encoding="utf-8"))

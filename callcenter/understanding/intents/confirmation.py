"""Yes, no, or neither, as people say them: «да нет не надо», «не совсем», «нет всё верно»."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from callcenter.understanding.numbers.numbers import is_hesitation
from callcenter.understanding.words import Word

_FARTHEST = 3
"""Words before an answer after which it is none: «у меня дома да и у соседей»."""


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An answer and the words it was given in; `rest` is where what follows begins, say the right number after a no."""

    answer: Answer
    words: str
    rest: int


def find_confirmation(words: Sequence[Word]) -> Confirmation | None:
    """The answer in a reply; None when there is nothing of one.

    It must begin the reply or end it («адрес верный да»). Where both a yes and a no are said apart from each other,
    the last decides only if it stands at the end («нет то есть да»); otherwise the answer is unclear.
    """
    kept = [(at, word) for at, word in enumerate(words) if not is_hesitation(word)]
    if _insists([word.text for _, word in kept]):
        return Confirmation(Answer.YES, " ".join(word.text for _, word in kept), kept[-1][0] + 1)
    found: list[tuple[Answer, int, int]] = []
    at = 0
    while at < len(kept):
        answer, length = _longest(kept, at)
        if answer is None:
            at += 1
            continue
        found.append((answer, at, at + length))
        at += length
    found = [one for one in found if _counts(one, kept)]
    if not found:
        return None
    first, last = found[0], found[-1]
    text = " ".join(word.text for _, word in kept[first[1] : last[2]])
    answers = {answer for answer, _, _ in found}
    chosen = first[0] if len(answers) == 1 else _settle(found, kept)
    turned = any(word.text in _words("turns") for _, word in kept[first[2] : first[2] + 2])
    if chosen is Answer.YES and turned:
        chosen = Answer.UNCLEAR
    return Confirmation(chosen, text, kept[last[2] - 1][0] + 1 if len(answers) == 1 else kept[first[2] - 1][0] + 1)


def _insists(texts: Sequence[str]) -> bool:
    """«запишите всё равно», «нет вы всё-таки запишите»: what was asked for is wanted, whatever speaks against it."""
    said = f" {' '.join(texts)} "
    without = said
    for phrase in _file()["anyway"]:
        without = without.replace(f" {phrase} ", " ")
    left = [text for text in without.split() if text not in _words("quiet") and text not in _words("beside_wish")]
    return without != said and left != [] and all(text in _words("wish") for text in left)


def _longest(kept: Sequence[tuple[int, Word]], at: int) -> tuple[Answer | None, int]:
    """The longest phrase that begins here."""
    if kept[at][1].text not in _first_words():
        return None, 0
    for length in range(min(_most_words(), len(kept) - at), 0, -1):
        answer = _phrases().get(tuple(word.text for _, word in kept[at : at + length]))
        if answer is not None:
            return answer, length
    return None, 0


def _counts(one: tuple[Answer, int, int], kept: Sequence[tuple[int, Word]]) -> bool:
    """Whether a phrase is an answer: alone, at the beginning after nothing but empty words, or at the very end."""
    _, first, end = one
    alone_only = end - first == 1 and kept[first][1].text in _words("weak")
    before = [word for _, word in kept[:first] if word.text not in _words("quiet") and (word.text,) not in _phrases()]
    after = [word for _, word in kept[end:] if word.text not in _words("quiet")]
    beside = [*after[:1], *([kept[first - 1][1]] if before else [])]
    if kept[first][1].text == "нет" and end - first == 1 and any(_is_absent(word) for word in beside):
        return False  # «нет воды», «воды нет»
    if not before:
        return not (alone_only and after)
    return not after and len(before) <= _FARTHEST and not alone_only


def _is_absent(word: Word) -> bool:
    return word.forms[:1] != () and word.forms[0].part == "NOUN" and any("gent" in form.marks for form in word.forms)


def _settle(found: Sequence[tuple[Answer, int, int]], kept: Sequence[tuple[int, Word]]) -> Answer:
    """Two answers in one reply: what is said last after a correction, or when it ends the reply, is meant."""
    answer, first, end = found[-1]
    between = {word.text for _, word in kept[found[-2][2] : first]}
    corrected = bool(between & {"то", "точнее", "вернее", "ой", "простите", "извините"})
    if answer is Answer.UNCLEAR or Answer.UNCLEAR in {one[0] for one in found}:
        return Answer.UNCLEAR
    return answer if corrected and end == len(kept) else Answer.UNCLEAR


@cache
def _phrases() -> dict[tuple[str, ...], Answer]:
    return {tuple(phrase.split()): answer for answer in Answer for phrase in _file()[answer]}


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(_file()[name])


@cache
def _first_words() -> frozenset[str]:
    return frozenset(phrase[0] for phrase in _phrases())


@cache
def _most_words() -> int:
    return max(len(phrase) for phrase in _phrases())


@cache
def _file() -> dict[str, list[str]]:
    return tomllib.loads(Path(__file__).with_name("confirmation.toml").read_text(encoding="utf-8"))

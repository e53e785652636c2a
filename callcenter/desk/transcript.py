"""The lines of a transcript turned into what the card shows of them. Pure: rows in, words and seconds out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcenter.calls.models import Utterance
from callcenter.desk.words import Words

HoldsDanger = Callable[[str], bool]
"""Whether words of danger are in a text."""

_SURE = 0.85
_UNSURE = 0.6
"""An ear's confidence, 0 to 1: from the first on a word looks like print, below the second it is marked as a guess."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    text: str
    second: float | None
    """Of the recording; None when the ear gave no times."""
    tone: str
    """"", «faint» or «guess»: how sure the ear was."""
    danger: bool


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """One line of the transcript; `fault`: from here on nothing was heard, and there are no words."""

    sequence: int
    at: datetime
    side: str
    who: str
    second: float
    """Of the recording."""
    end: float
    words: tuple[SpokenWord, ...]
    fault: bool


def describe_lines(
    utterances: Iterable[Utterance], *, since: datetime, words: Words, holds_danger: HoldsDanger
) -> tuple[SpokenLine, ...]:
    """The lines. `since` is the moment of the recording's first second."""
    return tuple(_describe(utterance, since=since, words=words, holds_danger=holds_danger) for utterance in utterances)


def _describe(utterance: Utterance, *, since: datetime, words: Words, holds_danger: HoldsDanger) -> SpokenLine:
    second = max(0.0, (utterance.at - since) / timedelta(seconds=1))
    spoken = utterance.words or [[text, None, None, 1.0] for text in utterance.text.split()]
    dangers = find_dangers([str(word[0]) for word in spoken], holds_danger)
    return SpokenLine(
        sequence=utterance.sequence,
        at=utterance.at,
        side=utterance.speaker.value,
        who=words.speaker[utterance.speaker],
        second=second,
        end=second + max((word[2] or 0.0 for word in spoken), default=0.0),
        words=tuple(
            SpokenWord(
                text=text,
                second=None if begin is None else second + begin,
                tone=_tone(confidence),
                danger=place in dangers,
            )
            for place, (text, begin, _, confidence) in enumerate(spoken)
        ),
        fault=utterance.fault is not None,
    )


def _tone(confidence: float) -> str:
    if confidence >= _SURE:
        return ""
    return "faint" if confidence >= _UNSURE else "guess"


def find_dangers(words: Sequence[str], holds_danger: HoldsDanger) -> frozenset[int]:
    """The places of the words that make a text dangerous: each shortest stretch that would on its own."""
    found: set[int] = set()
    begin = 0
    while begin < len(words) and holds_danger(" ".join(words[begin:])):
        end = next(end for end in range(begin + 1, len(words) + 1) if holds_danger(" ".join(words[begin:end])))
        begin = next(place for place in reversed(range(begin, end)) if holds_danger(" ".join(words[place:end])))
        found.update(range(begin, end))
        begin = end
    return frozenset(found)

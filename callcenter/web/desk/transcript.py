"""Converts transcript rows into the lines of the call card: words, times, confidence, dangers. Pure: no I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcenter.calls.models import Utterance
from callcenter.web.plumbing.app_state import FindDangers
from callcenter.web.plumbing.ui_texts import UiTexts

_CONFIDENT_FROM = 0.85
_GUESS_BELOW = 0.6
"""Thresholds of the recognizer's confidence, 0 to 1. A word is shown plain from `_CONFIDENT_FROM` on, pale below it,
and underlined (a guess) below `_GUESS_BELOW`. Raising either marks more words."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    text: str
    second: float | None
    """Start of the word, in seconds of the recording; None when the recognizer gave no times."""
    confidence_class: str
    """"" (confident), «faint» or «guess»."""
    is_danger: bool


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """One line of the transcript. With `recognition_failed` it has no words: nothing is recognized from its time on."""

    sequence: int
    at: datetime
    side: str
    speaker_label: str
    second: float
    """Start of the line, in seconds of the recording."""
    end: float
    """End of its last word, in seconds of the recording; equals `second` when the words have no times."""
    words: tuple[SpokenWord, ...]
    recognition_failed: bool


def describe_lines(
    utterances: Iterable[Utterance], *, recording_start: datetime, ui_texts: UiTexts, find_dangers: FindDangers
) -> tuple[SpokenLine, ...]:
    """Converts utterances into lines. `recording_start` is the moment at which the recording begins."""
    return tuple(
        _build_line(utterance, since=recording_start, words=ui_texts, find_dangers=find_dangers)
        for utterance in utterances
    )


def _build_line(utterance: Utterance, *, since: datetime, words: UiTexts, find_dangers: FindDangers) -> SpokenLine:
    second = max(0.0, (utterance.at - since) / timedelta(seconds=1))
    spoken = utterance.words or [[text, None, None, 1.0] for text in utterance.text.split()]
    dangers = mark_dangers([str(word[0]) for word in spoken], find_dangers)
    return SpokenLine(
        sequence=utterance.sequence,
        at=utterance.at,
        side=utterance.speaker.value,
        speaker_label=words.speaker[utterance.speaker],
        second=second,
        end=second + max((word[2] or 0.0 for word in spoken), default=0.0),
        words=tuple(
            SpokenWord(
                text=text,
                second=None if begin is None else second + begin,
                confidence_class=_confidence_class(confidence),
                is_danger=place in dangers,
            )
            for place, (text, begin, _, confidence) in enumerate(spoken)
        ),
        recognition_failed=utterance.fault is not None,
    )


def _confidence_class(confidence: float) -> str:
    if confidence >= _CONFIDENT_FROM:
        return ""
    return "faint" if confidence >= _GUESS_BELOW else "guess"


def mark_dangers(words: Sequence[str], find_dangers: FindDangers) -> frozenset[int]:
    """Returns the indices of the words that name a danger. Other words may stand between them; of several matches of
    one danger the shortest span is marked."""
    folded = [_normalize(word) for word in words]
    marked: set[int] = set()
    for found in find_dangers(" ".join(words)):
        wanted = _normalize(found).split()
        ways = [way for begin in range(len(folded)) if (way := _match_positions(folded, wanted, begin))]
        if ways:
            closest = min(ways, key=lambda way: way[-1] - way[0])
            marked.update(closest)
    return frozenset(marked)


def _normalize(text: str) -> str:
    return text.lower().replace("ё", "е")


def _match_positions(words: Sequence[str], wanted: Sequence[str], begin: int) -> tuple[int, ...]:
    """Returns the positions of the `wanted` words in their order, the first at `begin`; empty without a match."""
    if not wanted or words[begin] != wanted[0]:
        return ()
    places = [begin]
    for word in wanted[1:]:
        place = next((at for at in range(places[-1] + 1, len(words)) if words[at] == word), None)
        if place is None:
            return ()
        places.append(place)
    return tuple(places)

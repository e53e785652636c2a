"""The lines of a transcript turned into what the card shows of them. Pure: rows in, words and seconds out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcenter.calls.models import Utterance
from callcenter.web.plumbing.app_state import FindDangers
from callcenter.web.plumbing.ui_texts import UiTexts

_CONFIDENT_FROM = 0.85
_GUESS_BELOW = 0.6
"""An ear's confidence, 0 to 1: from the first on a word looks like print, below the second it is marked as a guess."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    text: str
    second: float | None
    """Of the recording; None when the ear gave no times."""
    confidence_class: str
    """"", «faint» or «guess»: how sure the ear was."""
    is_danger: bool


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """One line of the transcript; `recognition_failed`: from here on nothing was heard, and there are no words."""

    sequence: int
    at: datetime
    side: str
    speaker_label: str
    second: float
    """Of the recording."""
    end: float
    words: tuple[SpokenWord, ...]
    recognition_failed: bool


def describe_lines(
    utterances: Iterable[Utterance], *, recording_start: datetime, ui_texts: UiTexts, find_dangers: FindDangers
) -> tuple[SpokenLine, ...]:
    """The lines. `recording_start` is the moment of the recording's first second."""
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
    """The places of the words that name a danger; between them other words may stand."""
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
    """Where the wanted words stand one after the other, the first of them at `begin`; empty when they do not."""
    if not wanted or words[begin] != wanted[0]:
        return ()
    places = [begin]
    for word in wanted[1:]:
        place = next((at for at in range(places[-1] + 1, len(words)) if words[at] == word), None)
        if place is None:
            return ()
        places.append(place)
    return tuple(places)

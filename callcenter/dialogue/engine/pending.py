"""What a conversation waits for: the end of playback, input of the caller, or an action. Events of other turns are
dropped."""

from dataclasses import dataclass

from callcenter.dialogue.scripts.script import PERSON_KEY

BETWEEN_DIGITS_SECONDS = 5.0
"""Inter-digit timeout of a number."""
LONE_ZERO_SECONDS = 2.0
"""Inter-digit timeout after a first 0, which may begin a number but most likely asks for a person."""
SPEECH_SECONDS = 8.0
"""Input timeout while the caller speaks: since the last partial result, or since speech began if no word came."""


@dataclass(frozen=True, slots=True)
class PendingPrompt:
    turn: int
    interruptible: bool
    remaining_texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PendingAnswer:
    turn: int


@dataclass(frozen=True, slots=True)
class PendingAction:
    turn: int


def digit_seconds(digits: str) -> float:
    """Inter-digit timeout, in seconds, after `digits`."""
    return LONE_ZERO_SECONDS if digits == PERSON_KEY else BETWEEN_DIGITS_SECONDS

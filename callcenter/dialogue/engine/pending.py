"""What a conversation waits for: the end of its words, the caller, or an action. Only an event of this turn counts."""

from dataclasses import dataclass

from callcenter.dialogue.scripts.script import PERSON_KEY

BETWEEN_DIGITS_SECONDS = 5.0
LONE_ZERO_SECONDS = 2.0
"""After a first 0: it may begin a number, but most likely asks for a person."""
SPEECH_SECONDS = 8.0
"""Of silence after the last word understood, or since somebody began to speak without being understood."""


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
    """How long the next digit of a number is waited for."""
    return LONE_ZERO_SECONDS if digits == PERSON_KEY else BETWEEN_DIGITS_SECONDS

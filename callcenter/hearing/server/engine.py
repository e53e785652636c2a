"""What a speech engine is: one leg's audio in, words out. An engine is a module with `open_engine(model)`.

Audio is linear, 16 bit, little-endian, one channel.
"""

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from callcenter.core.errors import CallcenterError

RATE = 8000
"""Samples a second on the telephone."""
UNKNOWN = "[unk]"
"""The word for speech that is none of the phrases an engine was told to expect."""


class UnknownEngine(CallcenterError):
    """There is no such speech engine."""


class BrokenModel(CallcenterError):
    """The directory is not a speech model that can be used."""


class EngineFailed(CallcenterError):
    """The speech engine failed on one leg."""


@dataclass(frozen=True, slots=True)
class RecognizedWord:
    """One word, in seconds from the leg's first sample. Confidence is 0 to 1."""

    text: str
    begin: float
    end: float
    confidence: float


class Recognizer(Protocol):
    """Hears one unbroken stretch of one leg, in one thread at a time. Every method may raise EngineFailed."""

    def accept_audio(self, audio: bytes) -> tuple[RecognizedWord, ...] | None:
        """The words of an utterance that has just ended, none of them after a long silence; None while it goes on.

        Times count from the stretch's first sample and never step back.
        """
        ...

    def get_partial_text(self) -> str:
        """The words so far of the utterance that goes on. They may still change."""
        ...

    def feed_padding(self, quiet: bytes) -> None:
        """Takes `quiet`, `Engine.delay` seconds of it, for what comes next, so that the guess holds all that was heard.

        It counts in times like sound that was heard. The utterance goes on."""
        ...

    def finish(self) -> tuple[RecognizedWord, ...]:
        """The words of the utterance that was going on. The recogniser is used up."""
        ...


class Engine(Protocol):
    """A loaded model. Recognisers of it work at the same time in different threads."""

    @property
    def name(self) -> str:
        """Engine and model, for logs and transcripts."""
        ...

    @property
    def takes_phrases(self) -> bool:
        """Whether it can be told which phrases to expect; if not, it ignores them."""
        ...

    @property
    def result_delay(self) -> float:
        """Seconds of audio after a word that may pass before a guess holds it."""
        ...

    def create_recognizer(self, *, rate: int, phrases: Sequence[str] | None) -> Recognizer:
        """A recogniser of its own for a stretch of a leg. `phrases` (None: anything may be said) are lower case; speech
        that is none of them becomes `[unk]`. Raises EngineFailed."""
        ...


def find_engine(module: str) -> None:
    """Raises UnknownEngine when there is no such module; loads nothing."""
    try:
        found = importlib.util.find_spec(module)
    except ImportError:
        found = None
    if found is None:
        raise UnknownEngine(f"нет движка речи «{module}»; это модуль Python с функцией open_engine(model)")


def load_engine(module: str, model: Path | None) -> Engine:
    """The engine of a module by its dotted name, with `model` loaded. Raises UnknownEngine, BrokenModel."""
    try:
        engine: Engine = importlib.import_module(module).open_engine(model)
    except (ImportError, AttributeError) as error:
        raise UnknownEngine(
            f"нет движка речи «{module}»: {error}; это модуль Python с функцией open_engine(model)"
        ) from error
    return engine


def join_words(words: Sequence[RecognizedWord]) -> str:
    """The text of words; `[unk]` is left out."""
    return " ".join(word.text for word in words if word.text != UNKNOWN)

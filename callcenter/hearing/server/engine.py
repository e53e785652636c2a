"""Interface of a speech recognition engine: audio of one leg in, words out.

An engine is a Python module with the function `open_engine(model)`. Audio is linear 16-bit little-endian mono.
"""

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from callcenter.core.errors import CallcenterError

RATE = 8000
"""Telephone sample rate: samples a second."""
UNKNOWN = "[unk]"
"""Word that an engine returns for speech outside the expected phrases."""


class UnknownEngine(CallcenterError):
    """The speech engine does not exist or cannot be imported."""


class BrokenModel(CallcenterError):
    """The directory is not a usable speech model."""


class EngineFailed(CallcenterError):
    """The speech engine failed on one leg."""


@dataclass(frozen=True, slots=True)
class RecognizedWord:
    """One recognized word. Confidence is 0 to 1.

    Times are in seconds, from the leg's first sample in messages of the server, from its own first sample in results of
    a Recognizer.
    """

    text: str
    begin: float
    end: float
    confidence: float


class Recognizer(Protocol):
    """Recognizes continuous audio of one leg. Used by one thread at a time. Every method may raise EngineFailed."""

    def accept_audio(self, audio: bytes) -> tuple[RecognizedWord, ...] | None:
        """Process audio. Returns the words of an utterance that has just ended, else None.

        The words are empty when the utterance was a long silence. Times count from the first sample given to this
        recognizer and never decrease.
        """
        ...

    def get_partial_text(self) -> str:
        """Partial result: the words so far of the current utterance. They may still change."""
        ...

    def feed_padding(self, quiet: bytes) -> None:
        """Process `quiet`, `Engine.result_delay` seconds of silence, so that the partial result has all words so far.

        The silence counts in word times like real audio. It does not end the utterance.
        """
        ...

    def finish(self) -> tuple[RecognizedWord, ...]:
        """End the current utterance and return its words. The recognizer cannot be used afterwards."""
        ...


class Engine(Protocol):
    """A loaded model. Its recognizers may run at the same time in different threads."""

    @property
    def name(self) -> str:
        """Engine and model, for logs and transcripts."""
        ...

    @property
    def takes_phrases(self) -> bool:
        """Whether the engine can restrict recognition to phrases; if not, it ignores them."""
        ...

    @property
    def result_delay(self) -> float:
        """Most seconds of audio that must follow a word before a partial result contains it."""
        ...

    def create_recognizer(self, *, rate: int, phrases: Sequence[str] | None) -> Recognizer:
        """A new recognizer for audio of `rate` samples a second. Raises EngineFailed.

        `phrases` are the expected phrases in lower case; other speech becomes `[unk]`. None: any speech is recognized.
        """
        ...


def find_engine(module: str) -> None:
    """Check that the engine's module exists, without loading the engine. Raises UnknownEngine when it does not."""
    try:
        found = importlib.util.find_spec(module)
    except ImportError:
        found = None
    if found is None:
        raise UnknownEngine(f"нет движка речи «{module}»; это модуль Python с функцией open_engine(model)")


def load_engine(module: str, model: Path | None) -> Engine:
    """Import the engine module (dotted name) and load `model`.

    Raises UnknownEngine when the module is not an engine, BrokenModel when the model cannot be used.
    """
    try:
        engine: Engine = importlib.import_module(module).open_engine(model)
    except (ImportError, AttributeError) as error:
        raise UnknownEngine(
            f"нет движка речи «{module}»: {error}; это модуль Python с функцией open_engine(model)"
        ) from error
    return engine


def join_words(words: Sequence[RecognizedWord]) -> str:
    """Text of the words, without `[unk]`."""
    return " ".join(word.text for word in words if word.text != UNKNOWN)

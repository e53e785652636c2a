"""The texts the robot says and a person's recordings of them, as the desk wants them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from callcenter.core.errors import CallcenterError


@dataclass(frozen=True, slots=True)
class RecordedPrompt:
    """A text of the robot. `number` is kept for ever: people write it down."""

    number: int
    text: str
    seconds: float
    """About how long it takes to say."""
    is_recorded: bool
    """A person speaks it; else the voice does."""
    upload_pending: bool
    """A file was handed in, and the controller has not taken it over yet."""
    has_audio: bool
    """There is something to be heard; else it only sounds within longer texts."""
    is_fragment: bool
    """A sentence of a longer text with changing places."""


class UnfitRecording(CallcenterError):
    """A file that is no recording of the text; the message says in Russian what to do."""


class PromptRecordings(Protocol):
    """The texts and their recordings. Its methods read and write files: they are for a thread."""

    def list_prompts(self) -> Sequence[RecordedPrompt]:
        """In the order of their numbers; none when the script cannot be read."""
        ...

    def find_audio_file(self, number: int) -> Path | None:
        """What callers hear of it now; None when nothing was made yet."""
        ...

    def upload_recording(self, number: int, sound: bytes) -> float:
        """The seconds of speech in it. Raises Unfit; KeyError for a number that no text has."""
        ...

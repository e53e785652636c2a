"""Interface to the robot's prompts and their recordings. Implemented by `operations.prompt_studio.PromptStudio`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from callcenter.core.errors import CallcenterError


@dataclass(frozen=True, slots=True)
class RecordedPrompt:
    """A text that the robot says. `number` is permanent and never reused, because people write it down."""

    number: int
    text: str
    seconds: float
    """Estimated duration of the spoken text."""
    is_recorded: bool
    """True with a person's recording; otherwise the synthetic voice speaks the text."""
    upload_pending: bool
    """True while an uploaded file waits for the controller to install it."""
    has_audio: bool
    """True when the text has an audio file of its own; otherwise it is heard only within longer texts."""
    is_fragment: bool
    """True for a sentence of a longer text with placeholders."""


class UnfitRecording(CallcenterError):
    """The uploaded file cannot be used as a recording of the text. The message says in Russian what to do."""


class PromptRecordings(Protocol):
    """Catalog of the texts and their recordings. Its methods block on file I/O: call them in a thread."""

    def list_prompts(self) -> Sequence[RecordedPrompt]:
        """Returns all texts sorted by number; none until the script has been read without errors."""
        ...

    def find_audio_file(self, number: int) -> Path | None:
        """Returns the audio that callers hear now; None when the number is unknown or has no audio file."""
        ...

    def upload_recording(self, number: int, sound: bytes) -> float:
        """Checks an audio file and passes it to the controller; returns the seconds of speech in it.

        Raises UnfitRecording when the check fails, KeyError when no text has this number.
        """
        ...

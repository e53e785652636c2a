"""What a voice is: text in, one telephone-ready WAV file out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from callcenter.core.errors import CallcenterError

RATE = 8000
"""Samples a second of every prompt: the telephone band, so that Asterisk never resamples."""


class VoiceMissing(CallcenterError):
    """The voice's program is not installed on this machine."""


class VoiceFailed(CallcenterError):
    """The voice did not render a text."""


@dataclass(frozen=True, slots=True)
class VoiceChoice:
    """What the settings say about a voice."""

    speaker: str = ""
    """One of the voice's speakers; empty: the voice's own choice."""
    model: Path | None = None
    """The file of a voice that is a file."""


class Voice(Protocol):
    """Renders Russian words. May be asked by several tasks at once; it queues them itself.

    The text is already words (`wording.spoken`): a voice need not know how to read digits or Latin letters,
    but it must not fail, hang or execute anything because of what the text holds. A `+` before a vowel says that the
    stress is there («зам+ок»); the voice hands it on in the notation it understands, or drops it.
    """

    @property
    def name(self) -> str:
        """Names the sound, version included: another name means that every prompt is rendered anew."""
        ...

    def check_installed(self) -> None:
        """Raises VoiceMissing, naming what to install, when the voice cannot speak on this machine."""
        ...

    async def render(self, text: str, file: Path) -> None:
        """Writes `text` as 8 kHz mono signed 16-bit WAV to `file`, which is complete when this returns.

        Raises VoiceMissing when it is not installed, VoiceFailed when there is nothing to say or it broke.
        """
        ...

    async def close(self) -> None:
        """Ends whatever the voice keeps running. Rendering afterwards starts it again."""
        ...

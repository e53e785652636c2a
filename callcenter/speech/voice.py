"""The interface of a speech synthesizer: text in, one WAV file in the telephone format out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from callcenter.core.errors import CallcenterError

RATE = 8000
"""Sample rate of every prompt in Hz: the rate of narrowband telephony, so that Asterisk need not resample it."""


class VoiceMissing(CallcenterError):
    """The voice's program is not installed on this machine."""


class VoiceFailed(CallcenterError):
    """The voice did not render a text."""


@dataclass(frozen=True, slots=True)
class VoiceChoice:
    """Options of a voice from the settings."""

    speaker: str = ""
    """One of the voice's speakers; empty selects the voice's default speaker."""
    model: Path | None = None
    """Model file, for a voice that needs one."""


class Voice(Protocol):
    """Renders Russian words to sound. Several tasks may call a voice at once; the voice queues them itself.

    The text is already in words (`wording.spoken`), so a voice need not read digits or Latin letters. No content of a
    text may make the voice fail, hang or execute anything. A `+` before a vowel marks the stress («зам+ок»); the voice
    converts the mark to its synthesizer's notation or drops it.
    """

    @property
    def name(self) -> str:
        """Identifies the sound, version included: when the name changes, every prompt is rendered again."""
        ...

    def check_installed(self) -> None:
        """Raises VoiceMissing, which names what to install, when the voice cannot run on this machine."""
        ...

    async def render(self, text: str, file: Path) -> None:
        """Writes `text` as 8 kHz mono signed 16-bit WAV to `file`, which is complete on return.

        Raises VoiceMissing when the voice is not installed, VoiceFailed when the text has no Russian word or rendering
        fails.
        """
        ...

    async def close(self) -> None:
        """Ends the voice's processes. A later `render` starts them again."""
        ...

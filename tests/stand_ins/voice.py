"""A voice for tests of what is around it: a tone as long as its text, countable, breakable."""

import asyncio
from pathlib import Path

import numpy as np

from callcenter.speech.sound import write_wav
from callcenter.speech.voice import RATE, VoiceFailed

SECONDS_A_LETTER = 0.02


class StandInVoice:
    """Renders a 440 Hz tone of 20 ms a letter. Remembers every text it was asked for."""

    def __init__(self, name: str = "stand-in-1", *, slow_seconds: float = 0.0) -> None:
        self.name = name
        self.slow_seconds = slow_seconds
        self.broken = False
        self.texts: list[str] = []

    def check_installed(self) -> None:
        """It always is."""

    async def render(self, text: str, file: Path) -> None:
        self.texts.append(text)
        await asyncio.sleep(self.slow_seconds)
        if self.broken or not text.strip():
            raise VoiceFailed
        moments = np.arange(int(len(text) * SECONDS_A_LETTER * RATE)) / RATE
        write_wav(file, 0.5 * np.sin(2 * np.pi * 440 * moments))

    async def close(self) -> None:
        """Nothing runs."""

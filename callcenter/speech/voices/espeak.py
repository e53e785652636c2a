"""The voice of espeak-ng: hard to understand, but quick, small and packaged in every Debian.

It serves for comparison and as a last resort. The stress mark is the acute accent after the vowel; releases up to 1.52
ignore it.
"""

import shutil
from pathlib import Path
from typing import Self

from callcenter.speech.voice import VoiceChoice, VoiceMissing
from callcenter.speech.voices.plain import split_into_pieces
from callcenter.speech.voices.program import VoiceProgram
from callcenter.wording.stress import to_acute

_SPEAKER = "ru"
_SECONDS = 10.0
"""Time limit for one text."""
_WORDS_A_MINUTE = "135"
"""Speech rate, below espeak-ng's default of 175: a caller hears a prompt only once."""


class EspeakVoice:
    """Runs one `espeak-ng` process for each text."""

    def __init__(self, *, program: str = "espeak-ng", speaker: str = _SPEAKER) -> None:
        """`speaker` is a voice of espeak-ng, optionally with a variant: `ru+f2`."""
        self._program = program
        self._speaker = speaker
        self._synthesis_program = VoiceProgram(
            lambda file: [program, "-v", speaker, "-s", _WORDS_A_MINUTE, "-w", str(file), "--stdin"], seconds=_SECONDS
        )

    @classmethod
    def from_options(cls, choice: VoiceChoice) -> Self:
        return cls(speaker=choice.speaker or _SPEAKER)

    @property
    def name(self) -> str:
        return f"espeak-{self._speaker}-1"

    def check_installed(self) -> None:
        """See Voice."""
        if shutil.which(self._program) is None:
            raise VoiceMissing(f"не установлена программа «{self._program}»; установите: apt-get install espeak-ng")

    async def render(self, text: str, file: Path) -> None:
        """See Voice."""
        pieces = split_into_pieces(text)
        self.check_installed()
        await self._synthesis_program.speak(to_acute(" ".join(pieces)), file)

    async def close(self) -> None:
        """Does nothing: no process outlives `render`."""

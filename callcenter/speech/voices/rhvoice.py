"""RHVoice: four Russian speakers, clear and quick, free software. Debian has no package of it; see docs/voices.md.

RHVoice's program `RHVoice-test` reads the text from standard input. The stress mark is the acute accent after the vowel
(releases since 2020).
"""

import shutil
from pathlib import Path
from typing import Self

from callcenter.speech.voice import VoiceChoice, VoiceMissing
from callcenter.speech.voices.plain import split_into_pieces
from callcenter.speech.voices.program import VoiceProgram
from callcenter.wording.stress import to_acute

_SPEAKER = "anna"
_SECONDS = 10.0
"""Time limit for one text."""


class RHVoice:
    """Runs one `RHVoice-test` process for each text."""

    def __init__(self, *, program: str = "RHVoice-test", speaker: str = _SPEAKER) -> None:
        """`speaker` is anna, elena, irina, aleksandr or another installed speaker."""
        self._program = program
        self._speaker = speaker
        self._synthesis_program = VoiceProgram(lambda file: [program, "-p", speaker, "-o", str(file)], seconds=_SECONDS)

    @classmethod
    def from_options(cls, choice: VoiceChoice) -> Self:
        return cls(speaker=choice.speaker or _SPEAKER)

    @property
    def name(self) -> str:
        return f"rhvoice-{self._speaker}-1"

    def check_installed(self) -> None:
        """See Voice."""
        if shutil.which(self._program) is None:
            raise VoiceMissing(
                f"не установлена программа «{self._program}»; соберите RHVoice с русскими голосами: "
                "https://github.com/RHVoice/RHVoice"
            )

    async def render(self, text: str, file: Path) -> None:
        """See Voice."""
        pieces = split_into_pieces(text)
        self.check_installed()
        await self._synthesis_program.speak(to_acute(" ".join(pieces)), file)

    async def close(self) -> None:
        """Does nothing: no process outlives `render`."""

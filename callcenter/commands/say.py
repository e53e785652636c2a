"""`callcenter say TEXT FILE.wav`: hear how the centre's voice says a text."""

import argparse
import asyncio
from pathlib import Path

from callcenter.core.errors import CallcenterError
from callcenter.speech.voices.festival import FestivalVoice
from callcenter.wording.spoken import spoken


class NoSuchFolder(CallcenterError):
    """The folder of the file does not exist."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="Russian text; digits, times and telephones are put into words")
    parser.add_argument("file", metavar="FILE.wav", type=Path, help="8 kHz mono 16-bit WAV, overwritten")


def run(arguments: argparse.Namespace) -> int:
    """Prints the words as spoken and writes the file. Raises CallcenterError when there is no voice or no folder."""
    file: Path = arguments.file
    if not file.absolute().parent.is_dir():
        raise NoSuchFolder(f"there is no folder {file.absolute().parent}; make it first")
    words = spoken(arguments.text)
    asyncio.run(_say(words, file))
    print(words)
    return 0


async def _say(words: str, file: Path) -> None:
    voice = FestivalVoice()
    try:
        await voice.render(words, file)
    finally:
        await voice.close()

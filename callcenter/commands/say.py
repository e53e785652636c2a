"""`callcenter say TEXT FILE.wav`: renders a text with the centre's voice."""

import argparse
import asyncio
from pathlib import Path

from callcenter.core.errors import CallcenterError
from callcenter.knowledge.pronunciation import FILE as PRONUNCIATION
from callcenter.settings import TREE, read_settings
from callcenter.speech.pronouncing import make_text_converter
from callcenter.speech.voice import Voice, VoiceChoice
from callcenter.speech.voices import VOICES, configured_voice, open_voice


class FolderNotFound(CallcenterError):
    """The directory of the output file does not exist."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="Russian text; digits, times and telephones are put into words")
    parser.add_argument("file", metavar="FILE.wav", type=Path, help="8 kHz mono 16-bit WAV, overwritten")
    parser.add_argument(
        "--voice", choices=VOICES, help="another voice than the one in the settings, as it is by itself"
    )


def run(arguments: argparse.Namespace) -> int:
    """Writes the file, then prints the words that the voice was given, with stress marks.

    Raises FolderNotFound, or another CallcenterError when the voice is missing or fails.
    """
    file: Path = arguments.file
    if not file.absolute().parent.is_dir():
        raise FolderNotFound(f"нет каталога {file.absolute().parent}; сначала создайте его")
    voice = open_voice(arguments.voice, VoiceChoice()) if arguments.voice else configured_voice(read_settings())
    words = make_text_converter(TREE / "knowledge_base" / PRONUNCIATION)(arguments.text)
    asyncio.run(_render(voice, words, file))
    print(words)
    return 0


async def _render(voice: Voice, words: str, file: Path) -> None:
    try:
        await voice.render(words, file)
    finally:
        await voice.close()

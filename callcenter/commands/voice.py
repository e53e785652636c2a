"""`callcenter voice`: lists and compares the synthetic voices; lists and stores a person's recordings of the texts."""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile
import yaml

from callcenter.core.errors import CallcenterError
from callcenter.instance.instance import Instance, open_instance
from callcenter.knowledge.pronunciation import FILE as PRONUNCIATION
from callcenter.settings import TREE, Settings, read_settings
from callcenter.speech.dialplan_sounds import write_sounds
from callcenter.speech.prompt_recordings.catalogue import (
    RecordableText,
    find_recordable_text,
    link_studio_sounds,
    list_recordable_texts,
    read_edition,
    store_recording,
)
from callcenter.speech.pronouncing import TextConverter, make_text_converter
from callcenter.speech.voice import Voice, VoiceChoice, VoiceFailed, VoiceMissing
from callcenter.speech.voices import VOICES, configured_voice, open_voice

SENTENCES = TREE / "callcenter" / "speech" / "sentences.yaml"


class SoundDirectoryUnusable(CallcenterError):
    """The directory for the sounds cannot be created or written."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    does = parser.add_subparsers(dest="does", required=True, metavar="WHAT")
    does.add_parser("list", help="the voices, and what to install for those that are not here")
    compare = does.add_parser("compare", help="ten sentences by every voice that is here, with its speed")
    compare.add_argument("directory", metavar="DIRECTORY", type=Path, help="where the sounds go, made when missing")
    texts = does.add_parser("texts", help="all that a person may record: number, state, seconds, text")
    texts.add_argument("--missing", action="store_true", help="only what nobody has recorded")
    upload = does.add_parser("upload", help="take a sound file as the recording of a text; callers hear it from now on")
    upload.add_argument("text", metavar="NUMBER|TEXT", help="its number in `voice texts`, or exactly its words")
    upload.add_argument("file", metavar="FILE", type=Path, help="WAV, FLAC or OGG")


def run(arguments: argparse.Namespace) -> int:
    """Raises CallcenterError; its message names the remedy."""
    if arguments.does == "list":
        print("\n".join(describe_voices(read_settings())))
    elif arguments.does == "compare":
        asyncio.run(compare_voices(read_settings(), arguments.directory, tell=print))
    else:
        instance = open_instance()
        lines = list_recordable_texts(instance.layout, read_edition(instance.settings))
        if arguments.does == "texts":
            link_studio_sounds(instance.layout, lines)
            print("\n".join(describe_lines(lines, missing=arguments.missing)))
        else:
            line = find_recordable_text(lines, arguments.text)
            seconds = store_recording(line, arguments.file)
            link_studio_sounds(instance.layout, lines)
            asyncio.run(_rebuild_dialplan_sounds(instance))
            print(f"{line.number}: записано, {seconds:.1f} с: «{line.text}»")
    return 0


def describe_voices(settings: Settings) -> list[str]:
    """One line per voice: installed, or what to install. An arrow marks the configured voice."""
    lines = []
    for name in VOICES:
        voice = _open_named_voice(name, settings)
        try:
            voice.check_installed()
            state = "есть"
        except VoiceMissing as missing:
            state = f"нет: {missing}"
        lines.append(f"{'→' if name == settings.voice.engine else ' '} {name:<9} {state}")
    return lines


def describe_lines(lines: Sequence[RecordableText], *, missing: bool = False) -> list[str]:
    """One line per text: number, person or synthesis, estimated seconds, text; the last line has the totals."""
    shown = [line for line in lines if not (missing and line.human.exists())]
    told = [
        f"{line.number:>4}  {'человек' if line.human.exists() else 'синтез '}  {line.seconds:4.1f} с  "
        f"{'(часть) ' if line.part else ''}{line.text}"
        for line in shown
    ]
    recorded = sum(line.human.exists() for line in lines)
    return [*told, f"Текстов: {len(lines)}, записано человеком: {recorded}."]


@dataclass(frozen=True, slots=True)
class VoiceSpeed:
    """Measured speed of one voice; all values in seconds."""

    voice: str
    speech_seconds: float
    rendering_seconds: float
    first_latency: float
    """Rendering time of the first sentence, including the start of the voice's program."""
    median_latency: float
    """Median rendering time of the other sentences."""

    def __str__(self) -> str:
        rendering = f"{self.rendering_seconds:9.2f} {self.rendering_seconds / self.speech_seconds:8.3f}"
        latencies = f"{self.first_latency:9.2f} {self.median_latency:9.2f}"
        return f"{self.voice:<9} {self.speech_seconds:8.1f} {rendering} {latencies}"


async def compare_voices(settings: Settings, directory: Path, *, tell: Callable[[str], None]) -> list[VoiceSpeed]:
    """Renders the test sentences with every installed voice; prints the voices' speeds as a table through `tell`.

    Writes `01-<voice>.wav` … and `texts.txt` to `directory`. The column «доля» is rendering time / speech duration;
    below 1, a voice renders faster than real time. Raises SoundDirectoryUnusable.
    """
    sentences = [str(one) for one in yaml.safe_load(SENTENCES.read_text(encoding="utf-8"))]
    words = make_text_converter(TREE / "knowledge_base" / PRONUNCIATION)
    table = [f"{number:02}  {text}\n    {words(text)}\n" for number, text in enumerate(sentences, start=1)]
    _prepare_directory(directory, "".join(table))
    tell(f"{'голос':<9} {'речь, с':>8} {'синтез, с':>9} {'доля':>8} {'сначала':>9} {'потом':>9}")
    speeds = []
    for name in VOICES:
        voice = _open_named_voice(name, settings)
        try:
            voice.check_installed()
            speed = await _measure(name, voice, words, sentences, directory)
        except VoiceMissing as missing:
            tell(f"{name:<9} нет: {missing}")
        except VoiceFailed as failed:
            tell(f"{name:<9} не смог: {failed}")
        else:
            tell(str(speed))
            speeds.append(speed)
        finally:
            await voice.close()
    return speeds


def _prepare_directory(directory: Path, table: str) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "texts.txt").write_text(table, encoding="utf-8")
    except OSError as error:
        why = "это файл" if directory.is_file() else "каталога не создать, или в него нельзя писать"
        raise SoundDirectoryUnusable(f"{directory}: сюда не записать звуки: {why}; укажите другой каталог") from error


async def _measure(
    name: str, voice: Voice, words: TextConverter, sentences: Sequence[str], directory: Path
) -> VoiceSpeed:
    took, speech = [], 0.0
    for number, text in enumerate(sentences, start=1):
        file = directory / f"{number:02}-{name}.wav"
        begun = time.monotonic()
        await voice.render(words(text), file)
        took.append(time.monotonic() - begun)
        speech += soundfile.info(str(file)).duration
    return VoiceSpeed(name, speech, sum(took), took[0], statistics.median(took[1:]))


def _open_named_voice(name: str, settings: Settings) -> Voice:
    return configured_voice(settings) if name == settings.voice.engine else open_voice(name, VoiceChoice())


async def _rebuild_dialplan_sounds(instance: Instance) -> None:
    """Writes the dialplan's sounds again, because Asterisk plays these files without the controller."""
    voice = configured_voice(instance.settings)
    try:
        words = make_text_converter(TREE / "knowledge_base" / PRONUNCIATION)
        await write_sounds(instance.layout, voice, words=words, progress=lambda _: None)
    finally:
        await voice.close()

"""`callcenter transcribe FILE`: converts a sound file to text with the recognizer that is used for callers.

The two sides of a recorded call are two channels and are recognized separately; the first one is the caller.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from callcenter.core.errors import CallcenterError
from callcenter.core.logging import configure_logging
from callcenter.hearing.address import Address, read_address
from callcenter.hearing.client.client import LegEvent, LegLost, RecognitionClient
from callcenter.hearing.server.engine import RATE, UNKNOWN, RecognizedWord
from callcenter.hearing.wire import Closed, Final, Partial, Trouble
from callcenter.instance.instance import find_home
from callcenter.instance.processes import last_lines
from callcenter.layout import Layout
from callcenter.operations.speech_model import find_model
from callcenter.settings import VOSK, Settings, read_settings, settings_file
from callcenter.speech.sound import Samples, resample

_CONNECT_TIMEOUT = 5.0
_START_SECONDS = 60.0
"""Seconds to wait for the recognition server, which loads its model first; a large one takes long."""
_MAX_LEAD_SECONDS = 3.0
"""Seconds by which sent audio may be ahead of recognition. The server drops audio when more than 5 s are queued."""
_CHUNK_SAMPLES = RATE // 5
_CHANNEL_LABELS = ("житель", "центр")


class ModelNotConfigured(CallcenterError):
    """No speech model is set."""

    def __init__(self) -> None:
        super().__init__(
            "no speech model is set, or it is not built yet: callcenter ear build makes the centre's own, callcenter "
            f"ear install NAME takes a ready-made one, [ear] model in {settings_file()} says which. Or name one here: "
            "callcenter transcribe --model DIRECTORY FILE"
        )


class UnreadableSound(CallcenterError):
    """The file is not a readable sound file."""


class RecognitionFailed(CallcenterError):
    """The recognition server failed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="WAV, FLAC, OGG …; two channels are caller and centre")
    parser.add_argument("--model", metavar="DIRECTORY", type=Path, help="instead of the model in the settings")
    parser.add_argument("--json", action="store_true", help="one JSON object with every word")


def run(arguments: argparse.Namespace) -> int:
    """Prints the text, one line per utterance, or JSON. Returns 0.

    Raises ModelNotConfigured, UnreadableSound, RecognitionFailed, BrokenSettings.
    """
    configure_logging("WARNING")
    settings = read_settings()
    channels = read_channels(arguments.file)
    utterances = asyncio.run(_transcribe(settings, arguments.model or _find_model(settings), channels))
    print(as_json(arguments.file, utterances) if arguments.json else as_text(utterances))
    return 0


def _find_model(settings: Settings) -> Path | None:
    """The configured model; None without one, or while the centre's own model is not built."""
    model = find_model(Layout(find_home()), settings)
    return model if model is not None and (model.is_dir() or not settings.own_model) else None


def read_channels(file: Path) -> list[Samples]:
    """Returns the channels of a sound file, resampled to 8 kHz. Raises UnreadableSound."""
    try:
        sound, rate = soundfile.read(file, always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise UnreadableSound(f"{file}: {error}") from error
    return [resample(channel, rate) for channel in sound.T]


def as_text(channels: Sequence[Sequence[Final]]) -> str:
    """One line per utterance, sorted by begin; with two channels the line names the speaker."""
    lines = []
    for number, finals in enumerate(channels):
        side = f"{_CHANNEL_LABELS[number]}: " if len(channels) == len(_CHANNEL_LABELS) else ""
        for final in finals:
            text = " ".join("…" if word.text == UNKNOWN else word.text for word in final.words)
            lines.append((final.words[0].begin, f"{_format_time(final.words[0].begin)}  {side}{text}"))
    return "\n".join(line for _, line in sorted(lines)) or "Речи не слышно."


def as_json(file: Path, channels: Sequence[Sequence[Final]]) -> str:
    """JSON with the text and the words of each channel; times in seconds from the start of the file."""

    def describe(word: RecognizedWord) -> dict[str, Any]:
        return {"word": word.text, "begin": word.begin, "end": word.end, "confidence": word.confidence}

    heard = []
    for finals in channels:
        words = [word for final in finals for word in final.words]
        heard.append({"text": " ".join(word.text for word in words), "words": [describe(word) for word in words]})
    return json.dumps({"file": str(file), "channels": heard}, ensure_ascii=False, indent=2)


async def _transcribe(settings: Settings, model: Path | None, channels: Sequence[Samples]) -> list[list[Final]]:
    async with _open_recognizer(settings, model) as client:
        return [await _transcribe_channel(client, channel) for channel in channels]


async def _transcribe_channel(client: RecognitionClient, channel: Samples) -> list[Final]:
    """Returns the final results of a channel. Sends no faster than the server recognizes, or it would drop audio."""
    told: asyncio.Queue[LegEvent] = asyncio.Queue()
    finals: list[Final] = []
    heard_to = 0.0
    leg = client.open_leg(told.put_nowait)
    samples = np.clip(np.rint(channel * 32767), -32768, 32767).astype("<i2")
    for begin in range(0, len(samples), _CHUNK_SAMPLES):
        leg.send_audio(samples[begin : begin + _CHUNK_SAMPLES].tobytes())
        while begin / RATE - heard_to > _MAX_LEAD_SECONDS:
            heard_to = _collect_result(await told.get(), finals) or heard_to
    leg.close()
    while not isinstance(one := await told.get(), Closed):
        _collect_result(one, finals)
    return finals


def _collect_result(told: LegEvent, finals: list[Final]) -> float | None:
    """Appends a final result to `finals`; returns the second that recognition has reached, or None.

    Raises RecognitionFailed.
    """
    match told:
        case Final():
            finals.append(told)
            return told.processed_to
        case Partial():
            return told.processed_to
        case LegLost() | Trouble():
            raise RecognitionFailed(f"the ear failed: {told.why}")
    return None


@asynccontextmanager
async def _open_recognizer(settings: Settings, model: Path | None) -> AsyncIterator[RecognitionClient]:
    """Runs a temporary recognition server; without a model for it, connects to the first one on another machine."""
    if model is None and settings.ear.engine == VOSK:
        if not settings.ear.addresses:
            raise ModelNotConfigured
        async with _run_client(read_address(settings.ear.addresses[0])) as client:
            await client.wait_for_connection(within=_CONNECT_TIMEOUT)
            yield client
        return
    with tempfile.TemporaryDirectory(prefix="callcenter-ear-") as directory:
        socket, log = Path(directory) / "ear.sock", Path(directory) / "log"
        words = [sys.executable, "-m", "callcenter.hearing.server", str(socket), "--engine", settings.ear.engine]
        if model is not None:
            words += ["--model", str(model)]
        with log.open("wb") as errors:
            program = await asyncio.create_subprocess_exec(*words, "--log-level", "ERROR", stderr=errors)
        try:
            async with _run_client(socket) as client:
                await _await_start(client, program, log)
                yield client
        finally:
            if program.returncode is None:
                program.terminate()
            await program.wait()


async def _await_start(client: RecognitionClient, program: asyncio.subprocess.Process, log: Path) -> None:
    connecting = asyncio.create_task(client.wait_for_connection(within=_START_SECONDS))
    ending = asyncio.create_task(program.wait())
    await asyncio.wait({connecting, ending}, return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not connecting.done():
        connecting.cancel()
        raise RecognitionFailed(last_lines(log) or "the ear ended at once")
    connecting.result()


@asynccontextmanager
async def _run_client(address: Address) -> AsyncIterator[RecognitionClient]:
    client = RecognitionClient(address)
    running = asyncio.create_task(client.run(), name="ear client")
    try:
        yield client
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _format_time(seconds: float) -> str:
    return f"{int(seconds) // 60:02}:{seconds % 60:05.2f}"

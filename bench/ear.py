"""How many legs one ear hears in real time: rising numbers of legs through a real ear process, until it lags.

    python -m bench.ear SOUND [--model DIRECTORY] [--engine MODULE] [--legs 8,16,32] [--seconds 15] [--core N]
                        [--vosk-server HOST:PORT --vosk-server-pid PID]

SOUND is a mono 8 kHz WAV with speech; every leg hears it over and over, each from another second on, in packets of
20 ms at the pace of a telephone. Prints a row a number of legs: the share of a core, how long after the audio was
there a result that holds it came (p50, p95), and audio dropped. With the address of a running vosk-server
(asr_server.py, same model) each number of legs is given to it, too, in turn; it gets a tenth of a second at a time, as
our ear takes it. --core keeps our ear to one processor, as `taskset` can the other.

The last lines tell how many legs each heard in real time (p95 <= 500 ms, nothing dropped), a core.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog
import websockets
from websockets.asyncio.client import ClientConnection, connect

from callcenter.hearing.client.client import LegEvent, RecognitionClient, RecognitionLeg
from callcenter.hearing.server.engine import RATE
from callcenter.hearing.server.leg import CHUNK_SECONDS
from callcenter.hearing.wire import Final, Partial
from callcenter.settings import TREE, SpeechRecognitionSettings
from tools.softphone.audio_analysis import read_wav

REAL_TIME = 0.5
_PACKET = RATE // 50
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Pace:
    """When each leg's first packet was due, and how late results came after the audio they hold."""

    began: float = 0.0
    late: list[float] = field(default_factory=list)

    def note(self, heard_to: float) -> None:
        self.late.append(time.monotonic() - self.began - heard_to)


class Leg(Protocol):
    """One stream on its way to words."""

    def send_audio(self, samples: bytes) -> None: ...

    def close(self) -> None: ...


class Recogniser(Protocol):
    """A program that hears legs."""

    name: str
    pid: int

    async def open_leg(self, pace: Pace) -> Leg: ...

    @property
    def dropped(self) -> float:
        """Seconds of audio so far."""
        ...


class OurEar:
    """See Recogniser."""

    def __init__(self, client: RecognitionClient, pid: int) -> None:
        self.name = "our ear"
        self.pid = pid
        self._client = client

    async def open_leg(self, pace: Pace) -> RecognitionLeg:
        def take(told: LegEvent) -> None:
            if isinstance(told, Partial | Final):
                pace.note(told.processed_to)

        return self._client.open_leg(take)

    @property
    def dropped(self) -> float:
        return self._client.dropped_seconds + (self._client.state.dropped if self._client.state is not None else 0.0)


class VoskServer:
    """See Recogniser: the published Python server, by its websocket."""

    def __init__(self, address: str, pid: int) -> None:
        self.name = "vosk-server"
        self.pid = pid
        self.dropped = 0.0
        self._address = address

    async def open_leg(self, pace: Pace) -> "VoskServerLeg":
        socket = await connect(f"ws://{self._address}", compression=None, proxy=None, max_queue=None)
        await socket.send(json.dumps({"config": {"sample_rate": RATE}}))
        return VoskServerLeg(socket, pace)


class VoskServerLeg:
    """Sends a tenth of a second at a time; every piece is answered, in its turn."""

    def __init__(self, socket: ClientConnection, pace: Pace) -> None:
        self._socket = socket
        self._pace = pace
        self._gathered = b""
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self._working = [asyncio.create_task(work) for work in (self._send(), self._read())]

    def send_audio(self, samples: bytes) -> None:
        self._gathered += samples
        if len(self._gathered) >= 2 * RATE * CHUNK_SECONDS:
            self._pieces.put_nowait(self._gathered)
            self._gathered = b""

    def close(self) -> None:
        for task in self._working:
            task.cancel()

    async def _send(self) -> None:
        while True:
            await self._socket.send(await self._pieces.get())

    async def _read(self) -> None:
        answered = 0
        with contextlib.suppress(websockets.WebSocketException):
            try:
                async for _ in self._socket:
                    answered += 1
                    self._pace.note(answered * CHUNK_SECONDS)
            finally:
                self._socket.transport.abort()


def read_cpu(pid: int) -> float:
    """Seconds of processor that a program has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def read_memory(pid: int) -> int:
    """Resident megabytes."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


@dataclass(frozen=True, slots=True)
class Measured:
    """One number of legs. `cores_used`: cores."""

    legs: int
    cores_used: float
    late: Sequence[float]
    dropped: float

    @property
    def is_real_time(self) -> bool:
        return len(self.late) > 1 and percentile(self.late, 95) <= REAL_TIME and self.dropped < 0.1

    def row(self, name: str) -> str:
        late = " | ".join(f"{percentile(self.late, percent) * 1000:.0f}" for percent in (50, 95))
        share = f"{self.cores_used * 100:.0f} | {self.cores_used / self.legs * 100:.1f}"
        return f"| {self.legs} | {name} | {share} | {late} | {self.dropped:.1f} |"


async def measure(recogniser: Recogniser, sound: bytes, *, legs: int, seconds: float) -> Measured:
    paces = [Pace() for _ in range(legs)]
    opened = [await recogniser.open_leg(pace) for pace in paces]
    packets = [sound[begin : begin + 2 * _PACKET] for begin in range(0, len(sound) - 2 * _PACKET, 2 * _PACKET)]
    dropped, cpu, began = recogniser.dropped, read_cpu(recogniser.pid), time.monotonic()
    for pace in paces:
        pace.began = began
    for tick in range(int(seconds * 50)):
        await asyncio.sleep(max(began + (tick + 1) * 0.02 - time.monotonic(), 0))
        for number, leg in enumerate(opened):
            leg.send_audio(packets[(tick + 50 * number) % len(packets)])
    used = (read_cpu(recogniser.pid) - cpu) / (time.monotonic() - began)
    for leg in opened:
        leg.close()
    await asyncio.sleep(1.5)
    return Measured(legs, used, [each for pace in paces for each in pace.late], recogniser.dropped - dropped)


def percentile(seconds: Sequence[float], percent: int) -> float:
    if len(seconds) < 2:
        return float("nan")
    return statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]


@asynccontextmanager
async def start_ear(arguments: argparse.Namespace) -> AsyncIterator[OurEar]:
    with tempfile.TemporaryDirectory() as directory:
        socket = Path(directory) / "ear.sock"
        words = [sys.executable, "-m", "callcenter.hearing.server", str(socket), "--engine", arguments.engine]
        if arguments.model:
            words += ["--model", str(arguments.model.absolute())]
        if arguments.core is not None:
            words = ["taskset", "-c", str(arguments.core), *words]
        ear = await asyncio.create_subprocess_exec(*words, "--log-level", "ERROR", cwd=TREE)
        client = RecognitionClient(socket)
        running = asyncio.create_task(client.run())
        try:
            began = time.monotonic()
            hello = await client.wait_for_connection(within=60)
            print(
                f"{hello.engine}: there after {time.monotonic() - began:.1f} s, {read_memory(ear.pid)} MB", flush=True
            )
            yield OurEar(client, ear.pid)
        finally:
            running.cancel()
            if ear.returncode is None:
                ear.send_signal(signal.SIGTERM)
            await ear.wait()


async def run(arguments: argparse.Namespace) -> None:
    sound = read_wav(arguments.sound).astype("<i2").tobytes()
    async with start_ear(arguments) as ear:
        recognisers: list[Recogniser] = [ear]
        if arguments.vosk_server:
            recognisers.append(VoskServer(arguments.vosk_server, arguments.vosk_server_pid))
        heard: dict[str, Measured] = {}
        print("| legs | who | % of a core | % a leg | results late p50, ms | p95 | dropped, s |\n" + "|---" * 7 + "|")
        for legs in arguments.legs:
            for recogniser in recognisers:
                measured = await measure(recogniser, sound, legs=legs, seconds=arguments.seconds)
                print(measured.row(recogniser.name), flush=True)
                if measured.is_real_time:
                    heard[recogniser.name] = measured
        for name, most in heard.items():
            late = percentile(most.late, 95) * 1000
            print(
                f"{name}: {most.legs} legs in real time, p95 {late:.0f} ms, "
                f"{most.legs / most.cores_used:.0f} legs a core"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sound", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--engine", default=SpeechRecognitionSettings().engine)
    parser.add_argument("--legs", type=lambda text: [int(part) for part in text.split(",")], default=[8, 16, 32])
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--core", type=int)
    parser.add_argument("--vosk-server", metavar="HOST:PORT")
    parser.add_argument("--vosk-server-pid", type=int)
    arguments = parser.parse_args()
    if arguments.vosk_server and not arguments.vosk_server_pid:
        parser.error("--vosk-server needs --vosk-server-pid, to know what it uses")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(run(arguments))


if __name__ == "__main__":
    main()

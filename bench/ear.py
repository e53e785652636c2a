"""How many legs one ear hears in real time: rising numbers of legs through a real ear process, until it lags.

    python -m bench.ear SOUND [--model DIRECTORY] [--engine MODULE] [--legs 8,16,32] [--seconds 15]

SOUND is a mono 8 kHz WAV with speech; every leg hears it over and over, each from another second on, in packets of
20 ms at the pace of a telephone. Prints a line a number of legs: the ear's share of a core, the worst lag in each half
second (p50, p95), audio dropped, and how long after the audio was sent a partial result that holds it came.
"""

import argparse
import asyncio
import logging
import os
import signal
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from callcenter.hearing.client import EarClient, Told
from callcenter.hearing.engine import RATE
from callcenter.hearing.wire import Final, Partial
from callcenter.settings import TREE, Ear
from callcenter.softphone.ears import read_wav

_PACKET = RATE // 50
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Pace:
    """When each leg's first packet was due, and how late results came after the audio they hold."""

    began: float = 0.0
    late: list[float] = field(default_factory=list)

    def take(self, told: Told) -> None:
        if isinstance(told, Partial | Final):
            self.late.append(time.monotonic() - self.began - told.heard_to)


def read_cpu(pid: int) -> float:
    """Seconds of processor that a program has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def read_memory(pid: int) -> int:
    """Resident megabytes."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


async def measure(client: EarClient, pid: int, sound: bytes, *, legs: int, seconds: float) -> str:
    paces = [Pace() for _ in range(legs)]
    opened = [client.open(pace.take) for pace in paces]
    packets = [sound[begin : begin + 2 * _PACKET] for begin in range(0, len(sound) - 2 * _PACKET, 2 * _PACKET)]
    lags: list[float] = []
    state = client.state
    dropped = state.dropped if state else 0.0
    cpu, began = read_cpu(pid), time.monotonic()
    for pace in paces:
        pace.began = began
    for tick in range(int(seconds * 50)):
        await asyncio.sleep(max(began + (tick + 1) * 0.02 - time.monotonic(), 0))
        for number, leg in enumerate(opened):
            leg.hear(packets[(tick + 50 * number) % len(packets)])
        if client.state is not state and client.state is not None:
            state = client.state
            lags.append(state.lag)
    used = (read_cpu(pid) - cpu) / (time.monotonic() - began)
    for leg in opened:
        leg.close()
    await asyncio.sleep(1.5)
    late = [each for pace in paces for each in pace.late]
    after = client.state.dropped if client.state else 0.0
    return (
        f"{legs:4} legs: {used * 100:4.0f} % of a core ({used / legs * 100:.1f} % a leg) · lag p50 {describe(lags, 50)}"
        f" p95 {describe(lags, 95)} ms · results late p50 {describe(late, 50)} p95 {describe(late, 95)} ms ·"
        f" dropped {after - dropped:.1f} s"
    )


def describe(seconds: list[float], percent: int) -> str:
    if len(seconds) < 2:
        return "?"
    return f"{statistics.quantiles(seconds, n=100, method='inclusive')[percent - 1] * 1000:.0f}"


async def run(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as directory:
        socket = Path(directory) / "ear.sock"
        words = [sys.executable, "-m", "callcenter.hearing", str(socket), "--engine", arguments.engine]
        if arguments.model:
            words += ["--model", str(arguments.model.absolute())]
        ear = await asyncio.create_subprocess_exec(*words, "--log-level", "ERROR", cwd=TREE)
        client = EarClient(socket)
        running = asyncio.create_task(client.run())
        try:
            began = time.monotonic()
            hello = await client.connect(within=60)
            memory = read_memory(ear.pid)
            print(
                f"{hello.engine}: there after {time.monotonic() - began:.1f} s, {memory} MB",
                flush=True,
            )
            sound = read_wav(arguments.sound).astype("<i2").tobytes()
            for legs in arguments.legs:
                print(await measure(client, ear.pid, sound, legs=legs, seconds=arguments.seconds), flush=True)
        finally:
            running.cancel()
            if ear.returncode is None:
                ear.send_signal(signal.SIGTERM)
            await ear.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sound", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--engine", default=Ear().engine)
    parser.add_argument("--legs", type=lambda text: [int(part) for part in text.split(",")], default=[8, 16, 32])
    parser.add_argument("--seconds", type=float, default=15.0)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()

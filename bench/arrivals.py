"""Many calls a second to the running centre, by sipp: does each leave its record and its recording?

    CALLCENTER_TELEPHONY__MAX_CALLS=100 make run
    python -m bench.arrivals [--calls 200] [--rate 5] [--seconds 8]

sipp plays the residents; every tenth second a telephone of our own calls too and measures what a caller hears
meanwhile. Afterwards the rows and files are counted, and `callcenter reconcile` must find nothing. Exit 1 otherwise.
"""

import argparse
import asyncio
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import func, select

from bench.ear import read_cpu
from callcenter.asterisk.asterisk import Asterisk
from callcenter.calls.models import Call as CallRow
from callcenter.calls.models import Recording, RecordingState
from callcenter.core.database import Database
from callcenter.instance.instance import Instance, open_instance
from callcenter.instance.processes import find_running
from callcenter.operations.postgres import PostgresCluster
from callcenter.reporting.reconciliation import SETTLED
from tools.softphone.audio_analysis import read_wav
from tools.softphone.g711 import RATE, encode_alaw
from tools.softphone.phone import Softphone

SCENARIO = Path(__file__).with_name("caller.xml")
LIMIT = 100
TOLERANCE = 0.5
_PROBE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What is in the rows of the calls to one number."""

    calls: int
    settled: int
    recorded: int
    lengths: tuple[float, ...]


def write_scenario(directory: Path, instance: Instance, wav: Path | None = None) -> Path:
    """The scenario with the test resident's account, and the sound it plays: a tone, or that of a WAV."""
    sound = directory / "sound.alaw"
    turns = np.arange(2 * RATE) * 2 * np.pi * 700 / RATE
    sound.write_bytes(encode_alaw((np.sin(turns) * 8000).astype(np.int16) if wav is None else read_wav(wav)))
    scenario = directory / "caller.xml"
    text = SCENARIO.read_text(encoding="utf-8")
    for mark, value in (
        ("@USER@", instance.secrets.resident.name),
        ("@PASSWORD@", instance.secrets.resident.password),
        ("@SOUND@", str(sound)),
    ):
        text = text.replace(mark, value)
    scenario.write_text(text, encoding="utf-8")
    return scenario


async def call_by_sipp(
    instance: Instance,
    number: str,
    *,
    calls: int,
    rate: int,
    seconds: float,
    at_once: int = LIMIT,
    sound: Path | None = None,
) -> str:
    """Runs sipp to its end; an empty string when every call went as it should, else the end of what it printed."""
    telephony = instance.settings.telephony
    with tempfile.TemporaryDirectory(prefix="callcenter-sipp-") as name:
        directory = Path(name)
        scenario = write_scenario(directory, instance, sound)
        words = [
            "sipp", f"{telephony.bind_address}:{instance.ports.sip}", "-sf", str(scenario),
            "-s", number, "-i", "127.0.0.1", "-m", str(calls), "-r", str(rate), "-l", str(at_once),
            "-d", str(round(seconds * 1000)), "-nostdin", "-trace_err",
        ]  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            *words, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        told = (await process.communicate())[0].decode(errors="replace")
    went_well = re.findall(r"Successful call\s*\|\s*\d+\s*\|\s*(\d+)", told)  # its exit code also judges RTP echoes
    return "" if went_well and int(went_well[-1]) == calls else told[-2000:]


async def probe(phone: Softphone, number: str, paces: list[tuple[float, float]]) -> None:
    """Calls for eight seconds, over and over: milliseconds to the first audio, and p99 between two packets."""
    while True:
        begun = time.monotonic()
        call = await phone.call(number)
        await asyncio.sleep(8)
        paces.append((1000 * (call.first_audio_after or 8.0), 1000 * call.pace().p99))
        await call.hang_up()
        await asyncio.sleep(max(_PROBE_SECONDS - (time.monotonic() - begun), 0))


async def count(database: Database, number: str) -> Kept:
    async with database.begin() as session:
        calls, settled = (
            await session.execute(
                select(func.count(CallRow.id), func.count(CallRow.outcome)).where(CallRow.dialled == number)
            )
        ).one()
        filed = (
            await session.scalars(
                select(Recording.seconds)
                .join(CallRow, CallRow.id == Recording.call_id)
                .where(CallRow.dialled == number, Recording.state == RecordingState.FILED)
            )
        ).all()
    return Kept(calls, settled, len(filed), tuple(seconds or 0.0 for seconds in filed))


async def measure(instance: Instance, *, calls: int, rate: int, seconds: float) -> bool:
    """Prints the table; whether everything was as it must be."""
    number = f"7800{int(time.time()) % 10**7:07d}"  # a number of this run's own, by which its rows are found
    running = {name: find_running(instance.layout.pid_directory / name) for name in ("controller", "desk")}
    running["asterisk"] = Asterisk(instance).running()
    pids = {name: program.pid for name, program in running.items() if program is not None}
    used = {name: read_cpu(pid) for name, pid in pids.items()}
    paces: list[tuple[float, float]] = []
    resident = instance.secrets.resident
    centre = (str(instance.settings.telephony.bind_address), instance.ports.sip)
    async with Softphone(centre, user=resident.name, password=resident.password) as phone:
        probing = asyncio.create_task(probe(phone, instance.settings.company.number, paces))
        begun = time.monotonic()
        complaint = await call_by_sipp(instance, number, calls=calls, rate=rate, seconds=seconds)
        lasted = time.monotonic() - begun
        probing.cancel()
    shares = {name: (read_cpu(pid) - used[name]) / lasted for name, pid in pids.items()}
    await asyncio.sleep(SETTLED.total_seconds() + 2)
    database = Database(PostgresCluster(instance.layout, instance.ports).address())
    kept = await count(database, number)
    await database.close()
    orphans = await reconcile()
    short = [length for length in kept.lengths if abs(length - seconds) > TOLERANCE]
    went = "all well" if not complaint else "FAILED"
    print("| what | measured | must be |\n|---|---|---|")
    print(f"| sipp: {calls} calls of {seconds:.0f} s at {rate}/s, in {lasted:.0f} s | {went} | all well |")
    print(f"| records, settled | {kept.calls}, {kept.settled} | {calls}, {calls} |")
    print(f"| recordings filed, of another length | {kept.recorded}, {len(short)} | {calls}, 0 |")
    print(f"| seconds recorded: least, median, most | {spread(kept.lengths, 2)} | {seconds:.0f} ± {TOLERANCE} |")
    for name, share in shares.items():
        print(f"| {name}: share of a core | {share:.2f} | |")
    print(f"| INVITE → first audio of a probe, ms: least, median, most | {spread([one[0] for one in paces], 0)} | |")
    print(f"| p99 between its packets, ms: least, median, most | {spread([one[1] for one in paces], 1)} | |")
    print(f"| reconcile: orphans | {len(orphans)} | 0 |")
    for line in (complaint, *orphans):
        print(line, file=sys.stderr)
    whole = kept.calls == kept.settled == kept.recorded == calls and not short
    return not complaint and whole and not orphans


def spread(values: Sequence[float], places: int) -> str:
    if not values:
        return "none"
    return ", ".join(f"{value:.{places}f}" for value in (min(values), statistics.median(values), max(values)))


async def reconcile() -> list[str]:
    """What `callcenter reconcile` prints besides its last word."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "callcenter", "reconcile", stdout=subprocess.PIPE
    )
    told, _ = await process.communicate()
    return [] if process.returncode == 0 else told.decode().splitlines()


def main() -> int:
    parser = argparse.ArgumentParser(description="Calls the running centre with sipp and counts what it kept.")
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--rate", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8.0)
    arguments = parser.parse_args()
    instance = open_instance()
    if instance.settings.telephony.max_calls < LIMIT:
        print(f"set telephony.max_calls to {LIMIT} and run the centre again", file=sys.stderr)
        return 2
    whole = asyncio.run(measure(instance, calls=arguments.calls, rate=arguments.rate, seconds=arguments.seconds))
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())

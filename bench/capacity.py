"""How many calls at once: residents in the robot's menu, recorded, until what they hear stumbles or a call fails.

    python -m bench.capacity [--model DIRECTORY --sound WAV] [--core N] [--levels 20,40,60] [--hold 8]

A whole centre of its own. sipp plays the residents, more at each level; two telephones of our own call beside them and
measure the gaps between RTP packets that arrive, stamped by the kernel. A level is passed when every call went well and
p99 of the gaps is <= 30 ms (--gap, for a machine that has other work). Three contestants on the same Asterisk, one
after another:

* the bare dialplan: answers, records in the same way, plays the same prompts; no program of ours runs;
* the centre with keys only;
* the centre with the ear on, when a model is given; the residents speak the sound then.

--core keeps all of the centre to one processor and the callers to the others, so that the table is about one core.
Prints a row a level and the ratios to the bare dialplan. Goal: >= 0.8 with keys only.
"""

import argparse
import asyncio
import os
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.arrivals import call_by_sipp
from bench.ear import read_cpu
from callcenter.instance.processes import find_running
from callcenter.operations.supervisor import CLERK, CONTROLLER, EAR, SUPERVISOR
from tests.live.running_centre import RunningCentre
from tools.softphone.phone import Softphone

MOST_GAP = 30.0
"""Milliseconds."""
MOST_CALLS = 420
_RAMP = 4
"""New calls a second, 14,400 an hour: who holds so many at once for minutes has fewer. At ten the records of those who
came were still being made while calls at once were measured."""
_SETTLE_SECONDS = 3.0
_START_SECONDS = 5.0
"""What programs that start use of the processor is no part of the measure."""
_PROBES = 2
BARE, KEYS, SPEECH = "bare dialplan", "centre, keys only", "centre, ear on"
_EXTENSION = "000"


@dataclass(frozen=True, slots=True)
class Level:
    """What so many calls at once were like. `cores_used`: cores by program."""

    calls: int
    gap: float
    complaint: str
    cores_used: dict[str, float]

    def row(self, name: str) -> str:
        used = f"{sum(self.cores_used.values()):.2f}: " + ", ".join(
            f"{name} {used:.2f}" for name, used in self.cores_used.items()
        )
        went = "all well" if not self.complaint else "FAILED"
        return f"| {name} | {self.calls} | {went} | {1000 * self.gap:.1f} | {used} |"


async def probe(phone: Softphone, number: str, *, after: float, seconds: float) -> float:
    """p99 of the gaps that a caller hears in so many seconds, which begin `after` now."""
    await asyncio.sleep(max(after - 1.0, 0))
    call = await phone.call(number)
    await asyncio.sleep(1.0)
    begun = call.second()
    await asyncio.sleep(seconds)
    gap = call.pace(since=begun, until=begun + seconds).p99
    await call.hang_up()
    return gap


async def measure(centre: RunningCentre, number: str, *, calls: int, hold: float, sound: Path | None) -> Level:
    instance = centre.instance
    resident = instance.secrets.resident
    ramp, ended = calls / _RAMP, count_lease_ends(centre)
    async with AsyncExitStack() as stack:
        phones = [
            await stack.enter_async_context(
                Softphone(("127.0.0.1", instance.ports.sip), user=resident.name, password=resident.password)
            )
            for _ in range(_PROBES)
        ]
        probing = [asyncio.create_task(probe(phone, number, after=ramp, seconds=hold)) for phone in phones]
        watching = asyncio.create_task(watch(centre, after=ramp, seconds=hold))
        complaint = await call_by_sipp(
            instance, number, calls=calls, rate=_RAMP, seconds=ramp + hold + 1, at_once=calls, sound=sound
        )
        gaps, used = await asyncio.gather(*probing), await watching
    await asyncio.sleep(_SETTLE_SECONDS)
    return Level(calls, max(gaps), complaint or complain_of_leases(centre, since=ended), used)


def count_lease_ends(centre: RunningCentre) -> int:
    """Calls that the dialplan took back, because no controller renewed their lease."""
    file = centre.layout.cel_file
    told = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""  # made by the first call
    return told.count('"CC_LEASE_END","eventtime"')


def complain_of_leases(centre: RunningCentre, *, since: int) -> str:
    ends = count_lease_ends(centre) - since
    return f"{ends} calls were taken back at the end of their lease" if ends else ""


async def watch(centre: RunningCentre, *, after: float, seconds: float) -> dict[str, float]:
    """Cores that each program uses while nobody comes or goes."""
    pids = {name: find_running(centre.layout.pid_directory / name) for name in (CONTROLLER, CLERK, EAR)}
    pids |= {"asterisk": centre.asterisk.running(), "postgres": centre.cluster.running()}
    running = {name: program.pid for name, program in pids.items() if program is not None}
    await asyncio.sleep(after)
    before = {name: read_cpu_of_family(pid) for name, pid in running.items()}
    await asyncio.sleep(seconds)
    return {name: (read_cpu_of_family(pid) - before[name]) / seconds for name, pid in running.items()}


def read_cpu_of_family(pid: int) -> float:
    """Seconds of processor of a program and its children, but for children that have ended."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return read_cpu(pid) + sum(read_cpu(int(child)) for child in children if Path(f"/proc/{child}").exists())


async def rise(
    name: str, centre: RunningCentre, number: str, arguments: argparse.Namespace, sound: Path | None = None
) -> int:
    """The highest level that was passed; 0 for none."""
    most = 0
    for calls in arguments.levels:
        level = await measure(centre, number, calls=calls, hold=arguments.hold, sound=sound)
        print(level.row(name), flush=True)
        if level.complaint or 1000 * level.gap > arguments.gap:
            print(level.complaint, file=sys.stderr)
            break
        most = calls
    return most


def open_centre(settings: str, *, core: int | None) -> RunningCentre:
    """A centre that runs, on `core` if that is given."""
    os.environ["CALLCENTER_TELEPHONY__MAX_CALLS"] = str(MOST_CALLS)  # sizes the range of RTP ports, too
    centre = RunningCentre(settings=settings)
    centre.environment["CALLCENTER_TELEPHONY__MAX_CALLS"] = str(MOST_CALLS)
    others = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})  # what the centre starts keeps to it
    try:
        centre.run()
    finally:
        os.sched_setaffinity(0, others - {core} or others)
    time.sleep(_START_SECONDS)
    return centre


def add_bare_dialplan(centre: RunningCentre) -> None:
    """An extension that answers, records and plays as the centre does, in the dialplan alone."""
    menu = max(centre.layout.prompts.glob("*.wav"), key=lambda file: file.stat().st_size).with_suffix("")
    kept = centre.layout.asterisk / "spool" / "${UNIQUEID}.raw"
    steps = (f"MixMonitor({kept},D)", "Answer(,i)", "Wait(0.3)", f"Playback({menu})", f"Goto({_EXTENSION},4)")
    for number, step in enumerate(steps, start=1):
        centre.asterisk.run_cli(f"dialplan add extension {_EXTENSION},{number},{step} into from-resident")


def end_our_programs(centre: RunningCentre) -> None:
    """Asterisk alone goes on."""
    stopped = centre.command("stop", "--keep-calls")
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr
    assert find_running(centre.layout.pid_directory / SUPERVISOR) is None


def run(arguments: argparse.Namespace) -> dict[str, int]:
    """The highest level of each contestant."""
    most: dict[str, int] = {}
    ways: list[tuple[str, str, Path | None]] = [(KEYS, "", None)]
    if arguments.model is not None:
        ways.append((SPEECH, f'[ear]\nmodel = "{arguments.model.absolute()}"\n', arguments.sound))
    print("| who | calls at once | sipp | RTP gap p99, ms | cores used |\n" + "|---" * 5 + "|")
    for name, settings, sound in ways:
        centre = open_centre(settings, core=arguments.core)
        try:
            number = centre.instance.settings.company.number
            if name == SPEECH:
                centre.await_program(EAR)
            most[name] = asyncio.run(rise(name, centre, number, arguments, sound))
            if name == KEYS:
                end_our_programs(centre)
                add_bare_dialplan(centre)
                most[BARE] = asyncio.run(rise(BARE, centre, _EXTENSION, arguments))
        finally:
            centre.stop()
    return most


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a Vosk model: the ear is on, too")
    parser.add_argument("--sound", type=Path, help="WAV, 8 kHz mono, that the residents speak to the ear")
    parser.add_argument("--core", type=int, help="the one processor that the centre may use")
    parser.add_argument(
        "--levels",
        type=lambda text: [int(part) for part in text.split(",")],
        default=[80, 120, 160, 200, 240, 280, 320, 360, 400],
    )
    parser.add_argument("--hold", type=float, default=8.0, help="seconds of each level that are measured")
    parser.add_argument("--gap", type=float, default=MOST_GAP, help="milliseconds that p99 may be")
    arguments = parser.parse_args()
    most = run(arguments)
    for name, calls in most.items():
        print(f"{name}: {calls} calls at once; {calls / max(most[BARE], 1):.2f} of the bare dialplan")
    return 0 if most[KEYS] >= 0.8 * most[BARE] else 1


if __name__ == "__main__":
    sys.exit(main())

"""Faults at random over a stream of calls: is any call lost?

    python -m bench.chaos 200 [--seed 1] [--at-once 6] [--only "Asterisk killed"] [--no-ear] [--told FILE]
    python -m bench.chaos --table FILE ...

Makes a centre of its own (a copy of this tree, its own home and ports), lets callers call it all the time, and does
one fault after another to its running programs, each chosen by the dice; the next follows when the centre is whole
again. Callers ask the robot, open tickets, wait in the queue, talk with two dispatchers; some speak to the centre's own
model, in a synthetic voice, unless --no-ear. Every call is then compared with what the centre keeps of it. A row a
kind of fault, for the calls that were on the line meanwhile:

* well: the caller was not cut off, and the record, its ticket, its task and its recording are as they must be;
* dropped: Asterisk itself died under the call; it has its record and its task to call back;
* unanswered: dialled while Asterisk was dead or frozen;
* lost: no record, no outcome, no ticket or no task where one is owed. Must be 0. So must «wrong», anything else that
  the caller and the record tell differently;
* whole: recordings of full length with nothing missing, and those that lack something and say so;
* silence, pause: the longest that any of the callers heard nothing audible (a question waits five seconds for its
  answer), and the longest between two packets;
* healed: until every program ran and answered again, after the fault itself was over.

A long run may be made of several short ones: --told keeps what each came to, --table makes one table of all.

SIGINT and SIGTERM end it early, with the table of what was done. Exit 1 when a call was lost or wrong; the centre's
home is then left for a look.
"""

import argparse
import asyncio
import math
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bench.chaos_callers import SPOKEN, Callers, Judge, Story
from bench.chaos_faults import FAULTS, Fault, Scene
from bench.chaos_table import Done, read, tabulate, tell, write
from bench.turns import render
from callcenter.core.database import Database
from callcenter.operations.supervisor import EAR
from callcenter.reporting.reconciliation import SETTLED
from tests.live.running_centre import RunningCentre
from tests.live.town import DISPATCHER_TONE, Town
from tools.softphone.phone import Manners

WITH_EAR = """
[ear]
model = "own"
"""
START_WITHIN = 900.0
CALM_SECONDS = 15.0
"""In which calls are made to compare with."""
AFTER = 8.0
"""Seconds in which what a fault left behind may still be heard."""


@dataclass
class Struck:
    """One fault that was, or is being, done. Moments are of `time.monotonic()`."""

    fault: Fault
    begun: float = field(default_factory=time.monotonic)
    over: float = math.inf
    healed: float = math.inf

    def overlaps(self, story: Story) -> bool:
        return self.begun - 1 < story.ended and self.healed + AFTER > story.begun


class Chaos:
    def __init__(self, scene: Scene, town: Town, callers: Callers, *, faults: Sequence[Fault]) -> None:
        self._scene = scene
        self._callers = callers
        self._faults = faults
        self._judge = Judge(town)
        self._judging: list[asyncio.Task[None]] = []
        self._seen: set[int] = set()
        self._enough = False
        self.injected: list[Struck] = []

    @property
    def done(self) -> list[Done]:
        return [Done(one.fault.name, one.over - one.begun, one.healed - one.over) for one in self.injected]

    def stop(self) -> None:
        """No further fault; what was done is judged and printed."""
        self._enough = True

    async def run(self, count: int) -> None:
        calling = asyncio.create_task(self._callers.run())
        watching = asyncio.create_task(self._watch())
        await asyncio.sleep(CALM_SECONDS)
        for number in range(1, count + 1):
            if self._enough:
                break
            await self._inject(number, count, self._scene.dice.choice(self._faults))
            await self._scene.pause(0.5, 3)
        self._callers.stop()
        await calling
        await asyncio.sleep(1)
        watching.cancel()
        self._take_ended()
        await asyncio.gather(*self._judging)
        for story in self._callers.observed_calls:
            if story.complaints:
                await self._check_again(story)

    async def _inject(self, number: int, count: int, fault: Fault) -> None:
        struck = Struck(fault)
        self.injected.append(struck)
        on_the_line = len(self._callers.active_calls)
        await fault.inject(self._scene)
        struck.over = time.monotonic()
        healing = await self._scene.wait_healed()
        struck.healed = time.monotonic()
        lasted = struck.over - struck.begun
        say(f"{number}/{count} {fault.name}: {lasted:.1f} s, {on_the_line} calls, healed after {healing:.1f} s")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._take_ended()

    def _take_ended(self) -> None:
        for story in self._callers.observed_calls:
            if story.ended and id(story) not in self._seen:
                self._seen.add(id(story))
                self._judging.append(asyncio.create_task(self._close(story)))

    async def _close(self, story: Story) -> None:
        met = [struck.fault for struck in self.injected if struck.overlaps(story)]
        story.faults = {fault.name for fault in met}
        await self._judge.check_until_right(story, **_explained_by(met))
        for complaint in story.complaints:
            say(f"! {_describe(story)}: {complaint}")

    async def _check_again(self, story: Story) -> None:
        """What came late is not lost: the machine may be too busy for all that happens to the centre here."""
        met = [struck.fault for struck in self.injected if struck.overlaps(story)]
        await self._judge.check_once(story, **_explained_by(met))
        for complaint in story.complaints:
            say(f"!! {_describe(story)}: {complaint}")


def _explained_by(faults: Sequence[Fault]) -> dict[str, bool]:
    return {
        "breaks_line": any(fault.breaks_line for fault in faults),
        "spoils_sound": any(fault.spoils_recording for fault in faults),
    }


def _describe(story: Story) -> str:
    call_id = story.record.call.id if story.record is not None else "?"
    return f"{story.wish} {story.dialled} {call_id} ({story.end}; {', '.join(sorted(story.faults))})"


def say(text: str) -> None:
    print(f"{datetime.now():%H:%M:%S} {text}", file=sys.stderr, flush=True)  # noqa: DTZ005


def start(centre: RunningCentre) -> None:
    """`callcenter run`, on a busy machine more than once: what it started goes on starting."""
    give_up = time.monotonic() + START_WITHIN
    while True:
        try:
            centre.run(seconds=START_WITHIN)
        except AssertionError as error:
            if time.monotonic() > give_up:
                raise
            say(f"not running yet: {error}")
        else:
            return


async def play(centre: RunningCentre, arguments: argparse.Namespace, faults: Sequence[Fault]) -> bool:
    heard = not arguments.no_ear
    dice = random.Random(arguments.seed)
    database = Database(centre.cluster.address())
    scene = Scene(centre, database, dice, heard)
    async with Town(centre, database, test="chaos") as town:
        for number in range(2):
            await town.dispatcher(number, manners=Manners(answer_after=0.3, tone=DISPATCHER_TONE))
        spoken = await render(tuple(SPOKEN.values())) if heard else {}
        callers = Callers(town, random.Random(arguments.seed + 1), at_once=arguments.at_once, spoken=spoken)
        chaos = Chaos(scene, town, callers, faults=faults)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, chaos.stop)
        try:
            await chaos.run(arguments.count)
        finally:
            told = [tell(story, scene.asterisk_start_times) for story in callers.observed_calls]
            print("\n".join(tabulate(chaos.done, told)), flush=True)
            if arguments.told:
                write(arguments.told, chaos.done, told)
    await asyncio.sleep(SETTLED.total_seconds())
    reconciled = await asyncio.to_thread(centre.command, "reconcile")
    print(f"reconcile: {reconciled.stdout.strip()}")
    await database.close()
    return reconciled.returncode == 0 and not any(story.complaints for story in callers.observed_calls)


def main() -> int:
    parser = argparse.ArgumentParser(description="Faults at random over a stream of calls.")
    parser.add_argument("count", type=int, nargs="?", default=0, help="how many faults")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--at-once", type=int, default=6, help="callers")
    parser.add_argument("--only", action="append", default=[], help="only this kind of fault; may be repeated")
    parser.add_argument("--no-ear", action="store_true")
    parser.add_argument("--told", type=Path, metavar="FILE", help="writes what became of each call")
    parser.add_argument("--table", type=Path, metavar="FILE", nargs="+", help="one table of such files, and no faults")
    arguments = parser.parse_args()
    if arguments.table:
        print("\n".join(tabulate(*read(arguments.table))))
        return 0
    faults = [
        fault
        for fault in FAULTS
        if (fault.name in arguments.only or not arguments.only) and not (fault.needs_ear and arguments.no_ear)
    ]
    if not faults:
        parser.error(f"--only: one of {', '.join(fault.name for fault in FAULTS)}")
    say(f"seed {arguments.seed}")
    centre = RunningCentre(settings="" if arguments.no_ear else WITH_EAR)
    sound = False
    try:
        start(centre)
        if not arguments.no_ear:
            centre.await_program(EAR, seconds=START_WITHIN)
        sound = asyncio.run(play(centre, arguments, faults))
    finally:
        if not sound:
            os.environ["CALLCENTER_KEEP_LIVE"] = "1"
        centre.stop()
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())

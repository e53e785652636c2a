"""Faults at random over a stream of calls: is any call lost?

    python -m bench.chaos 200 [--seed 1] [--at-once 6] [--only "Asterisk killed"] [--no-ear] [--stories FILE]

Makes a centre of its own (a copy of this tree, its own home and ports), lets callers call it all the time, and does
one fault after another to its running programs, each chosen by the dice; the next follows when the centre is whole
again. Callers ask the robot, open tickets, wait in the queue, talk with two dispatchers; with the ear (a stand-in that
understands words spelled in tones) some speak. Every call is then compared with what the centre keeps of it. A row a
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

SIGINT and SIGTERM end it early, with the table of what was done. Exit 1 when a call was lost or wrong; the centre's
home is then left for a look.
"""

import argparse
import asyncio
import json
import math
import os
import random
import shutil
import signal
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bench.chaos_callers import Callers, End, Judge, Story, is_dropped
from bench.chaos_faults import FAULTS, Fault, Scene
from callcenter.calls.models import RecordingState
from callcenter.core.database import Database
from callcenter.instance.supervisor import EAR
from callcenter.intake.reconciliation import SETTLED
from callcenter.settings import TREE
from callcenter.softphone.phone import Manners
from tests.live.running_centre import RunningCentre
from tests.live.town import DISPATCHER_TONE, Town

ENGINE = Path("tests/stand_ins/tones.py")
WITH_EAR = """
[ear]
engine = "tests.stand_ins.tones"
"""
START_WITHIN = 300.0
CALM = "none"
AFTER = 8.0
"""Seconds in which what a fault left behind may still be heard."""


@dataclass
class Struck:
    """One fault that was, or is being, done. Moments are of `time.monotonic()`."""

    fault: Fault
    begun: float = field(default_factory=time.monotonic)
    over: float = math.inf
    healed: float = math.inf

    def meets(self, story: Story) -> bool:
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
        self.struck: list[Struck] = []

    def stop(self) -> None:
        """No further fault; what was done is judged and printed."""
        self._enough = True

    async def run(self, count: int) -> None:
        calling = asyncio.create_task(self._callers.run())
        watching = asyncio.create_task(self._watch())
        await asyncio.sleep(25)  # calls in calm, to compare with
        for number in range(1, count + 1):
            if self._enough:
                break
            await self._strike(number, count, self._scene.dice.choice(self._faults))
            await self._scene.pause(2, 5)
        self._callers.stop()
        await calling
        await asyncio.sleep(1)
        watching.cancel()
        self._take_ended()
        await asyncio.gather(*self._judging)
        for story in self._callers.stories:
            if story.complaints:
                await self._judge_again(story)

    async def _strike(self, number: int, count: int, fault: Fault) -> None:
        struck = Struck(fault)
        self.struck.append(struck)
        on_the_line = len(self._callers.living)
        await fault.strike(self._scene)
        struck.over = time.monotonic()
        healing = await self._scene.heal()
        struck.healed = time.monotonic()
        lasted = struck.over - struck.begun
        say(f"{number}/{count} {fault.name}: {lasted:.1f} s, {on_the_line} calls, healed after {healing:.1f} s")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._take_ended()

    def _take_ended(self) -> None:
        for story in self._callers.stories:
            if story.ended and id(story) not in self._seen:
                self._seen.add(id(story))
                self._judging.append(asyncio.create_task(self._close(story)))

    async def _close(self, story: Story) -> None:
        met = [struck.fault for struck in self.struck if struck.meets(story)]
        story.faults = {fault.name for fault in met}
        await self._judge.judge(story, **_explained_by(met))
        for complaint in story.complaints:
            say(f"! {_describe(story)}: {complaint}")

    async def _judge_again(self, story: Story) -> None:
        """What came late is not lost: the machine may be too busy for all that happens to the centre here."""
        met = [struck.fault for struck in self.struck if struck.meets(story)]
        await self._judge.judge_once(story, **_explained_by(met))
        for complaint in story.complaints:
            say(f"!! {_describe(story)}: {complaint}")


def _explained_by(faults: Sequence[Fault]) -> dict[str, bool]:
    return {
        "breaks_line": any(fault.breaks_line for fault in faults),
        "spoils_sound": any(fault.spoils_sound for fault in faults),
    }


def _describe(story: Story) -> str:
    call_id = story.record.call.id if story.record is not None else "?"
    return f"{story.wish} {story.dialled} {call_id} ({story.end}; {', '.join(sorted(story.faults))})"


def say(text: str) -> None:
    print(f"{datetime.now():%H:%M:%S} {text}", file=sys.stderr, flush=True)  # noqa: DTZ005


def tabulate(stories: Sequence[Story], struck: Sequence[Struck]) -> list[str]:
    lines = [
        "| fault | faults | calls | well | dropped | unanswered | lost | wrong | whole, marked | silence, s "
        "| pause, ms | healed, s |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    names = [CALM, *dict.fromkeys(one.fault.name for one in sorted(struck, key=lambda one: one.fault.name))]
    for name in names:
        touched = [story for story in stories if (name in story.faults if name != CALM else not story.faults)]
        lines.append(_row(name, touched, [one for one in struck if one.fault.name == name]))
    lines.append(_row("all", stories, struck))
    return lines


def _row(name: str, stories: Sequence[Story], struck: Sequence[Struck]) -> str:
    def count(holds: Callable[[Story], bool]) -> int:
        return sum(map(holds, stories))

    lost = count(lambda story: any("LOST" in complaint for complaint in story.complaints))
    wrong = count(lambda story: bool(story.complaints)) - lost
    dropped = count(lambda story: not story.complaints and is_dropped(story))
    unanswered = count(lambda story: story.end is End.UNANSWERED and not story.complaints)
    well = len(stories) - lost - wrong - dropped - unanswered
    recordings = [story.record.recording for story in stories if story.record is not None and story.record.recording]
    whole = sum(one.state is RecordingState.FILED and not one.gaps for one in recordings)
    healing = [one.healed - one.over for one in struck]
    steady = [story for story in stories if story.end in (End.HUNG_UP, End.ENDED) and not is_dropped(story)]
    return (
        f"| {name} | {len(struck)} | {len(stories)} | {well} | {dropped} | {unanswered} | {lost} | {wrong} "
        f"| {whole}, {len(recordings) - whole} | {max((story.silence for story in steady), default=0):.1f} "
        f"| {1000 * max((story.pause for story in steady), default=0):.0f} "
        f"| {f'{statistics.median(healing):.1f}, {max(healing):.1f}' if healing else ''} |"
    )


def tell_called_back(stories: Sequence[Story], ups: Sequence[datetime]) -> str:
    """From the moment a new Asterisk took calls to the task of each call that its death dropped, seconds."""
    waits = []
    for story in stories:
        if is_dropped(story) and story.record is not None and story.record.task is not None:
            created, ended = story.record.task.created_at, story.record.call.ended_at
            after = [up for up in ups if ended is not None and up > ended]
            waits.append(max((created - after[0]).total_seconds(), 0.0) if after else 0.0)
    if not waits:
        return "no call was dropped"
    return f"restart of Asterisk → task of a dropped call, s: median {statistics.median(waits):.1f}, {max(waits):.1f}"


def make_centre(*, heard: bool) -> RunningCentre:
    centre = RunningCentre(settings=WITH_EAR if heard else "")
    if heard:
        (centre.tree / ENGINE).parent.mkdir(parents=True)
        shutil.copy(TREE / ENGINE, centre.tree / ENGINE)
    return centre


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
        callers = Callers(town, random.Random(arguments.seed + 1), at_once=arguments.at_once, heard=heard)
        chaos = Chaos(scene, town, callers, faults=faults)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, chaos.stop)
        try:
            await chaos.run(arguments.count)
        finally:
            print("\n".join(tabulate(callers.stories, chaos.struck)), flush=True)
    await asyncio.sleep(SETTLED.total_seconds())
    reconciled = await asyncio.to_thread(centre.command, "reconcile")
    print(f"\n{tell_called_back(callers.stories, scene.asterisk_ups)}\nreconcile: {reconciled.stdout.strip()}")
    await database.close()
    if arguments.stories:
        write_stories(arguments.stories, callers.stories)
    return reconciled.returncode == 0 and not any(story.complaints for story in callers.stories)


def write_stories(file: Path, stories: Sequence[Story]) -> None:
    """A line of JSON a call, to ask more of it."""
    with file.open("w", encoding="utf-8") as out:
        for story in stories:
            record = story.record
            line = {
                "wish": story.wish, "dialled": story.dialled, "end": story.end, "told": round(story.told, 2),
                "silence": round(story.silence, 2), "pause": round(story.pause, 3), "faults": sorted(story.faults),
                "complaints": story.complaints, "id": record and record.call.id,
                "outcome": record and record.call.outcome, "task": record and record.task and record.task.kind,
                "recording": record and record.recording and record.recording.state,
                "gaps": record and record.recording and record.recording.gaps,
            }  # fmt: skip
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description="Faults at random over a stream of calls.")
    parser.add_argument("count", type=int, help="how many faults")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--at-once", type=int, default=6, help="callers")
    parser.add_argument("--only", action="append", default=[], help="only this kind of fault; may be repeated")
    parser.add_argument("--no-ear", action="store_true")
    parser.add_argument("--stories", type=Path, help="writes what became of each call")
    arguments = parser.parse_args()
    faults = [
        fault
        for fault in FAULTS
        if (fault.name in arguments.only or not arguments.only) and not (fault.needs_ear and arguments.no_ear)
    ]
    if not faults:
        parser.error(f"--only: one of {', '.join(fault.name for fault in FAULTS)}")
    say(f"seed {arguments.seed}")
    centre = make_centre(heard=not arguments.no_ear)
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

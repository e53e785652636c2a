"""Somebody sets the clock by an hour under living calls: what becomes of them, and of those that come next.

    python -m bench.clock_step

A whole centre of its own on a clock that can be set (`set_clock.c`: the monotonic clock goes on), put forward by an
hour and then back. Each time there are a caller with a dispatcher, one in the queue and one in a question of the
robot's. Exit 1 when

- a call has no record, outcome, ticket, recording, or no task where one is owed;
- the talk is cut off, or the two hear each other no more;
- after the step back, the dispatcher does not get whoever waits;
- after a step, the robot does not hear a new caller, or the dispatcher does not get who calls a minute later;
- the clock is put back after a talk has ended, and whoever calls next is not put through.

Not asked for, because Asterisk counts by the clock of the day and nobody can tell it otherwise: after the step forward
a wait in the queue has lasted too long and ends with the message, and the robot's question ends at a dispatcher.
The phones here renew their registration at half of its time; one that renews at its end is away for twice as long.
Steps into a ring, a dialplan's short pause or a message just being left are not tried.
"""

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bench.set_clock import SetClock
from callcenter.core.database import Database
from callcenter.reporting.reconciliation import MISSED
from tests.live.running_centre import RunningCentre
from tests.live.town import Town
from tools.softphone.call import Call
from tools.softphone.errors import NotHeard
from tools.softphone.phone import Softphone

START_WITHIN = 300.0
STARTS = 5
SETTLED_WITHIN = 60.0
TAKEN_WITHIN = 20.0
LINE = 4
"""Figures at the end of the number that was dialled and of the one that called, alike for each of the town's calls."""
REGISTERED_SECONDS = 60.0
"""maximum_expiration in pjsip.conf."""
STEPS = {"an hour forward": 1, "an hour back": 0}
"""Hours from the right time."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did: the calls by what they were doing; after how many seconds a free dispatcher took those who
    hoped for one, None: not at all; and for how many seconds the dispatcher's phone was not registered."""

    calls: Mapping[str, Call]
    dispatcher_delays: Mapping[str, float | None]
    talked_on: bool
    unregistered: float


async def step(town: Town, clock: SetClock, hours: int) -> Step:
    dispatcher, question = await town.dispatcher(), town.keys_to_question
    talking, asked = await town.called("0"), await town.called(question)
    await town.talk(talking, dispatcher, within=TAKEN_WITHIN)
    waiting = await town.called("0")
    await town.hears(asked, town.asks(question), first=None, within=20)
    await town.hears_music(waiting, within=20)
    clock.set_offset(hours)
    watching = asyncio.create_task(watch_registration(town, dispatcher, seconds=REGISTERED_SECONDS))
    await asyncio.sleep(5)
    talked_on = await wait_for(town, talking, dispatcher) is not None
    taken = {"waiting": await wait_for(town, waiting, dispatcher)}
    taken["in a question"] = await wait_for(town, asked, dispatcher)
    new = await town.called(question)
    await town.hears(new, town.asks(question), first=None, within=20)
    await new.hang_up()
    unregistered = await watching
    last = await town.called("0")
    taken["who came a minute later"] = await wait_for(town, last, dispatcher)
    calls = {"talking": talking, "waiting": waiting, "in a question": asked, "who came": new}
    return Step(calls | {"who came a minute later": last}, taken, talked_on, unregistered)


async def watch_registration(town: Town, phone: Softphone, *, seconds: float) -> float:
    """For how many of the next `seconds` Asterisk did not know where the phone is."""
    begun, missing = time.monotonic(), 0.0
    while (now := time.monotonic()) < begun + seconds:
        contacts = await asyncio.to_thread(town.centre.asterisk.run_cli, "pjsip show contacts")
        await asyncio.sleep(0.5)
        if f"sip:{phone.user}@" not in contacts:
            missing += time.monotonic() - now
    return missing


async def follow_a_talk(town: Town, clock: SetClock) -> float | None:
    """A dispatcher's talk ends, the clock is put back, somebody calls: after how many seconds they are put through."""
    clock.set_offset(1)
    await asyncio.sleep(2)
    dispatcher = await town.dispatcher()
    before = await town.called("0")
    await town.talk(before, dispatcher, within=TAKEN_WITHIN)
    await before.hang_up()
    await asyncio.sleep(2)
    clock.set_offset(0)
    await asyncio.sleep(5)
    return await wait_for(town, await town.called("0"), dispatcher)


async def wait_for(town: Town, call: Call, dispatcher: Softphone) -> float | None:
    """After how many seconds the caller and the dispatcher hear each other; the caller then hangs up. None: never."""
    begun = time.monotonic()
    try:
        while not any(theirs.number[-LINE:] == call.number[-LINE:] for theirs in dispatcher.calls):
            if time.monotonic() > begun + TAKEN_WITHIN:  # not only the tone is waited for: music may hold it, too
                return None
            await asyncio.sleep(0.1)
        await town.talk(call, dispatcher, within=5)
        return time.monotonic() - begun
    except NotHeard:
        return None
    finally:
        await call.hang_up()


async def describe(town: Town, call: Call) -> tuple[str, bool]:
    """What the record tells of the call, and whether that is all it must be."""
    give_up = time.monotonic() + SETTLED_WITHIN
    record = await town.record(call)
    while (record is None or not record.settled) and time.monotonic() < give_up:
        await asyncio.sleep(0.5)
        record = await town.record(call)
    if record is None:
        return "no record", False
    outcome, recording = record.call.outcome, record.recording
    sound = record.settled and record.ticket is not None and (record.task is not None or outcome not in MISSED)
    lasted = call.second() - (call.answered_after or 0.0)
    recorded = recording.seconds if recording is not None else None
    task = f", task: {record.task.kind}" if record.task is not None else ""
    return f"{outcome}{task}, {recorded or 0:.1f} s recorded of {lasted:.1f}", sound and recorded is not None


async def run(centre: RunningCentre, clock: SetClock) -> bool:
    database = Database(centre.cluster.address())
    well = True
    print("| clock | caller | became | taken after, s |\n" + "|---" * 4 + "|")
    for name, hours in STEPS.items():
        async with Town(centre, database, test="clock") as town:
            done = await step(town, clock, hours)
            for caller, call in done.calls.items():
                told, sound = await describe(town, call)
                well = well and sound
                taken = show(done.dispatcher_delays[caller]) if caller in done.dispatcher_delays else ""
                print(f"| {name} | {caller} | {told} | {taken} |", flush=True)
        print(f"| {name} | talked on: {done.talked_on}, not registered for {done.unregistered:.1f} s | | |", flush=True)
        well = well and done.talked_on and done.dispatcher_delays["who came a minute later"] is not None
        well = well and (hours > 0 or done.dispatcher_delays["waiting"] is not None)
    async with Town(centre, database, test="clock") as town:
        after = await follow_a_talk(town, clock)
        print(f"a talk, an hour back, a new caller: taken after {show(after)} s")
    await database.close()
    return well and after is not None


def show(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f}"


def start(centre: RunningCentre) -> None:
    """A busy machine is given more time than people are: `run` adopts what an earlier one has started."""
    for _ in range(STARTS - 1):
        try:
            return centre.run(seconds=START_WITHIN)
        except AssertionError as error:
            print(f"not running yet: {error}", file=sys.stderr)
    return centre.run(seconds=START_WITHIN)


def main() -> int:
    centre = RunningCentre()
    clock = SetClock(centre)
    try:
        start(centre)
        return 0 if asyncio.run(run(centre, clock)) else 1
    finally:
        centre.stop()


if __name__ == "__main__":
    sys.exit(main())

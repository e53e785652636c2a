"""Somebody sets the clock by an hour under living calls: what becomes of them, and of those that come next.

    python -m bench.clock_step

A whole centre of its own on a clock that can be set (libfaketime, Debian's package; the monotonic clock goes on), put
forward by an hour and then back. Each time there are a caller with a dispatcher, one in the queue and one in a question
of the robot's; afterwards the dispatcher should get the one who waits, and the robot a new one. At last the clock is
put back after a talk has ended: whoever calls next must be put through. Exit 1 otherwise, or when a call has no record,
outcome, ticket, recording, or no task where one is owed, or when the talk was cut off.
"""

import asyncio
import sys
import time
from collections.abc import Mapping

from bench.set_clock import HEARD_OF_WITHIN, SetClock
from callcenter.core.database import Database
from callcenter.instance.supervisor import CONTROLLER
from callcenter.intake.reconciliation import MISSED
from callcenter.softphone.call import Call
from callcenter.softphone.errors import NotHeard
from callcenter.softphone.phone import Softphone
from tests.live.running_centre import RunningCentre
from tests.live.town import Town

START_WITHIN = 300.0
STARTS = 4
SETTLED_WITHIN = 60.0
STEPS = {"an hour forward": 1, "an hour back": 0}
"""Hours from the right time."""


async def step(town: Town, clock: SetClock, hours: int) -> tuple[Mapping[str, Call], float | None]:
    """The calls by their stage, and after how many seconds the dispatcher got the one who waited; None: never."""
    dispatcher, question = await town.dispatcher(), town.keys_to_question
    talking, asked = await town.called("0"), await town.called(question)
    await town.talk(talking, dispatcher, within=20)
    waiting = await town.called("0")
    await town.hears(asked, town.asks(question), first=None, within=20)
    await town.hears_music(waiting, within=20)
    clock.put(hours)
    await asyncio.sleep(HEARD_OF_WITHIN + 4)
    cut_off = talking.is_over
    await asked.hang_up()
    await talking.hang_up()
    taken = await wait_for(town, waiting, dispatcher)
    fresh = await town.called(question)
    await town.hears(fresh, town.asks(question), first=None, within=20)
    await fresh.hang_up()
    assert not cut_off, "the talk was cut off"
    return {"talking": talking, "waiting": waiting, "in a question": asked, "new": fresh}, taken


async def follow_a_talk(town: Town, clock: SetClock) -> float | None:
    """A dispatcher's talk ends, the clock is put back, somebody calls: after how many seconds they are put through."""
    dispatcher = await town.dispatcher()
    clock.put(1)
    await asyncio.sleep(HEARD_OF_WITHIN + 1)
    before = await town.called("0")
    await town.talk(before, dispatcher, within=20)
    await before.hang_up()
    await asyncio.sleep(2)
    clock.put(0)
    await asyncio.sleep(HEARD_OF_WITHIN + 4)
    return await wait_for(town, await town.called("0"), dispatcher)


async def wait_for(town: Town, call: Call, dispatcher: Softphone) -> float | None:
    """After how many seconds the caller talks with the dispatcher, and then hangs up; None: not within twenty."""
    begun = time.monotonic()
    try:
        await town.talk(call, dispatcher, within=20)
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
    print("| clock | talking | waiting | in a question | new | waiting one taken after, s |\n" + "|---" * 6 + "|")
    for name, hours in STEPS.items():
        async with Town(centre, database, test="clock") as town:
            calls, taken = await step(town, clock, hours)
            told = [await describe(town, call) for call in calls.values()]
        well = well and all(sound for _, sound in told)
        row = [name, *(text for text, _ in told), "never" if taken is None else f"{taken:.1f}"]
        print(f"| {' | '.join(row)} |", flush=True)
    async with Town(centre, database, test="clock") as town:
        after = await follow_a_talk(town, clock)
        print(f"a talk, an hour back, a new caller: taken after {'never' if after is None else f'{after:.1f} s'}")
    await database.close()
    return well and after is not None


def start(centre: RunningCentre) -> None:
    """libfaketime now and then stops a program's threads for good while it starts: then another one is started."""
    for _ in range(STARTS):
        try:
            return centre.run(seconds=START_WITHIN)
        except AssertionError as error:
            print(f"not running yet: {error}", file=sys.stderr)
            centre.kill(CONTROLLER)
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

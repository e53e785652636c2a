"""How soon the board shows that a caller is in danger: from the last sound of the words to the alarm in the database,
and to its being drawn in a real browser that has the board open.

    python -m bench.danger [--calls 12] [--others 0]

A whole centre of its own with its own model; callers say one after another, in a synthetic voice, that it smells of
gas, into the robot's first question. --others call meanwhile, so many at a time, hear an answer by keys and are gone:
the board has news of them all the time. Goal: on the board p95 <= 700 ms.
Exit 1 when it is missed or an alarm does not come.
"""

import argparse
import asyncio
import contextlib
import sys
import time

from playwright.async_api import Page
from sqlalchemy import func, select

from bench.turns import Talker, percentile, render
from callcenter.alarms.models import Alarm, AlarmKind
from callcenter.core.database import Database
from callcenter.operations.supervisor import EAR
from tests.live.desk import open_desk
from tests.live.running_centre import RunningCentre
from tests.live.town import Town
from tools.softphone.g711 import RATE

WORDS = "пахнет газом"
LIMIT = 700.0
"""Milliseconds."""
START_WITHIN = 900.0
_PATIENCE = 10.0
_LOOK_EVERY = 0.005
_DRAWN = """() => new Promise((done) => {
  const alarms = () => [...document.querySelectorAll("#board-alarms .alarm-danger")].map((alarm) => alarm.id);
  const known = new Set(alarms());
  const watch = new MutationObserver(() => {
    if (alarms().every((alarm) => known.has(alarm))) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(Date.now())));
  });
  watch.observe(document.body, { childList: true, subtree: true, attributes: true });
})"""
"""Milliseconds since 1970 after the frame that holds a new alarm."""
SETTINGS = """
[ear]
model = "own"
"""


async def count_alarms(database: Database) -> int:
    async with database.begin() as session:
        query = select(func.count()).select_from(Alarm).where(Alarm.kind == AlarmKind.DANGER)
        return await session.scalar(query) or 0


async def await_more_alarms(database: Database, before: int) -> float | None:
    """When there were more; None when none came."""
    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up:
        if await count_alarms(database) > before:
            return time.monotonic()
        await asyncio.sleep(_LOOK_EVERY)
    return None


async def see_alarm(board: Page) -> float:
    """When the board has drawn one that it does not show yet."""
    drawn = await asyncio.wait_for(board.evaluate(_DRAWN), _PATIENCE)
    return time.monotonic() - time.time() + float(drawn) / 1000


async def call_for_an_answer(town: Town, place: int) -> None:
    """Until cancelled."""
    keys = town.keys_to_end(town.keys_to_answer("KB01"))
    await asyncio.sleep(place)
    while True:
        call = await town.called(keys)
        await call.ended(within=60)


async def measure(centre: RunningCentre, *, calls: int, others: int) -> dict[str, list[float]]:
    """Milliseconds of each call whose alarm came, by where it came to."""
    sounds = await render([WORDS])
    database = Database(centre.cluster.address())
    taken: dict[str, list[float]] = {"in the database": [], "on the board": []}
    async with Town(centre, database, test="danger") as town, open_desk(centre) as desk:
        meanwhile = [asyncio.create_task(call_for_an_answer(town, place)) for place in range(others)]
        for number in range(calls):
            call = await town.call()
            begun = await town.hears(call, town.greeting, first=1.0, within=10)
            await asyncio.sleep(begun.second + len(town.book.load_prompt(town.greeting)) / RATE + 1.0 - call.second())
            before = await count_alarms(database)
            raised = asyncio.create_task(await_more_alarms(database, before))  # it may come before the last word
            seen = asyncio.create_task(see_alarm(desk.board))
            _, ended = await Talker(call).say(sounds[WORDS], WORDS)
            if (came := await raised) is not None:
                taken["in the database"].append(1000 * (came - ended))
            with contextlib.suppress(TimeoutError):
                taken["on the board"].append(1000 * (await seen - ended))
            print(
                number + 1, *(f"{where} {times[-1]:.0f} ms" for where, times in taken.items() if times), file=sys.stderr
            )
            await call.hang_up()
            await asyncio.sleep(1)
        assert not any(task.done() for task in meanwhile), "one of the others was not served"
        for task in meanwhile:
            task.cancel()
    await database.close()
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(description="How soon the board shows that a caller is in danger.")
    parser.add_argument("--calls", type=int, default=12, help="one after another")
    parser.add_argument("--others", type=int, default=0, help="who call meanwhile, at a time")
    arguments = parser.parse_args()
    centre = RunningCentre(settings=SETTINGS)
    try:
        centre.run(seconds=START_WITHIN)
        centre.await_program(EAR, seconds=60)
        taken = asyncio.run(measure(centre, calls=arguments.calls, others=arguments.others))
    finally:
        centre.stop()
    print("| what | calls | alarms | p50 | p95 | most | must be |\n" + "|---" * 7 + "|")
    for where, times in taken.items():
        spread = (percentile(times, 50), percentile(times, 95), max(times, default=float("nan")))
        figures = " | ".join(f"{value:.0f}" for value in spread)
        what = f"end of «{WORDS}» → alarm {where}, ms, {arguments.others} others"
        print(f"| {what} | {arguments.calls} | {len(times)} | {figures} | p95 ≤ {LIMIT:.0f} |")
    reached = all(len(times) == arguments.calls and percentile(times, 95) <= LIMIT for times in taken.values())
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())

"""Records the tapes in this directory anew, from real calls to a whole centre: `python -m tests.tapes.record`.

Three minutes. Needed only when the centre is meant to do something else than before in these calls; a tape that merely
fails tells of a fault. Names, numbers and tones are made up, so the tapes hold nobody's data.
"""

import asyncio
import re
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from callcenter.core.database import Database
from callcenter.journal.editions import EDITIONS_DIRECTORY
from callcenter.operations.supervisor import CONTROLLER
from tests.live.running_centre import RunningCentre
from tests.live.town import Town
from tools.softphone.call import Call

HERE = Path(__file__).parent
NUMBER, OTHER_NUMBER = "79001112233", "89001112244"
HOME = "/var/lib/callcenter/taped"
"""What stands on the tapes for the home of the centre that made them."""
FILED_WITHIN = 60.0

Caller = Callable[[Town, Call], Awaitable[None]]


async def ask_passport_hours(town: Town, call: Call) -> None:
    keys = town.keys_to_answer("KB01")
    await walk(town, call, keys)
    await town.hears(call, town.asks(keys), within=40)
    await call.press(town.keys_to_end(keys)[len(keys) :])
    await call.ended(within=20)


async def report_a_burst_pipe(town: Town, call: Call) -> None:
    await walk(town, call, town.keys_to_ticket("WAT_LEAK_RISER"))
    await town.number(call, within=20)
    await asyncio.sleep(20)
    await call.press("3")
    await call.ended(within=20)


async def ask_for_a_person(town: Town, call: Call) -> None:
    await walk(town, call, "0")
    await asyncio.sleep(15)
    await call.hang_up()


async def be_silent(_town: Town, call: Call) -> None:
    await asyncio.sleep(75)
    await call.hang_up()


async def hang_up_mid_prompt(town: Town, call: Call) -> None:
    await town.hears(call, town.greeting)
    await call.hang_up()


async def smell_gas(town: Town, call: Call) -> None:
    await walk(town, call, "91")
    await asyncio.sleep(40)
    await call.hang_up()


async def withhold_the_number(town: Town, call: Call) -> None:
    await walk(town, call, "112")
    await asyncio.sleep(25)
    await call.press(f"{OTHER_NUMBER}#")
    await asyncio.sleep(9)
    await call.press("1")
    await town.number(call, within=20)
    await asyncio.sleep(8)
    await call.hang_up()


async def press_wrong_keys(town: Town, call: Call) -> None:
    await town.hears(call, town.asks(), within=20)
    for keys, seconds in (("7", 4), ("*", 3), ("66", 6), ("0", 12)):
        await call.press(keys)
        await asyncio.sleep(seconds)
    await call.hang_up()


def ask_for_a_ticket(number: str) -> Caller:
    async def ask(town: Town, call: Call) -> None:
        await walk(town, call, "3")
        await town.hears(call, town.asks("3"), within=10)
        await call.press(number.replace("-", "") + "#")
        await asyncio.sleep(15)
        await call.press("3")
        await call.ended(within=20)

    return ask


async def lose_the_robot(town: Town, call: Call) -> None:
    await walk(town, call, "2")
    await town.hears(call, town.asks("2"), within=10)
    controller = town.centre.program(CONTROLLER)
    controller.send(signal.SIGSTOP)
    await asyncio.sleep(12)
    controller.send(signal.SIGCONT)
    await asyncio.sleep(3)
    await call.hang_up()


TOGETHER: dict[str, Caller] = {
    "passport-hours": ask_passport_hours,
    "burst-pipe": report_a_burst_pipe,
    "person-asked": ask_for_a_person,
    "silence": be_silent,
    "hang-up-mid-prompt": hang_up_mid_prompt,
    "danger": smell_gas,
    "withheld-number": withhold_the_number,
    "wrong-keys": press_wrong_keys,
}


async def walk(town: Town, call: Call, keys: str) -> None:
    """Presses each key after the first words of the question it answers."""
    for count, key in enumerate(keys):
        await town.hears(call, town.asks(keys[:count]), within=40)
        await call.press(key)


async def main() -> None:
    centre = RunningCentre()
    try:
        centre.run()
        database = Database(centre.cluster.address())
        async with Town(centre, database, test="tapes") as town:
            for number in (0, 1):
                await town.dispatcher(number)
            calls = dict(zip(TOGETHER, await asyncio.gather(*map(town_call(town), TOGETHER)), strict=True))
            await asyncio.gather(*(caller(town, calls[name]) for name, caller in TOGETHER.items()))
            number = await town.number(calls["burst-pipe"], within=5)
            for name, caller in (("ticket-status", ask_for_a_ticket(number)), ("lease-end", lose_the_robot)):
                calls[name] = await town_call(town)(name)
                await caller(town, calls[name])
            for name, call in calls.items():
                await keep(town, name, call)
        await database.close()
        shutil.rmtree(HERE / EDITIONS_DIRECTORY, ignore_errors=True)
        shutil.copytree(centre.recordings / EDITIONS_DIRECTORY, HERE / EDITIONS_DIRECTORY)
    finally:
        centre.stop()


def town_call(town: Town) -> Callable[[str], Awaitable[Call]]:
    async def dial(name: str) -> Call:
        return await town.call(shown=NUMBER, anonymous=name == "withheld-number")

    return dial


async def keep(town: Town, name: str, call: Call) -> None:
    """Waits until the call's tape is filed, and takes it without anything of this machine."""
    ledger = town.centre.ledger
    record = await ledger.read(town.database, ledger.entry_of(call).dialled)
    assert record is not None
    async with asyncio.timeout(FILED_WITHIN):
        while not (tapes := list(town.centre.recordings.rglob(f"*-{record.call.id}.tape.jsonl"))):  # noqa: ASYNC110
            await asyncio.sleep(0.5)
    text = tapes[0].read_text(encoding="utf-8").replace(str(town.centre.home), HOME)
    text = re.sub(r'"asterisk_id":"[^"]*"', '"asterisk_id":"02:00:00:00:00:01"', text)
    (HERE / f"{name}.tape.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())

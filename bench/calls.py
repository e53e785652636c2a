"""How soon a caller hears the centre, and how soon it falls silent for a key: many real calls to the running centre.

    python -m bench.calls [--calls 60] [--at-once 4]

Each call hears the greeting, presses a key somewhere in the main menu, and hangs up. Everything is measured at the
caller's telephone, packets stamped by the kernel:

* INVITE -> 200 OK;
* INVITE -> first prompt audio, without the wait of 0.3 s that the dialplan makes on purpose (mobile networks clip the
  first moments of a call);
* key -> prompt silent: from the first packet of a key of 100 ms, and from the packet that ends it, to the last sound
  of the interrupted prompt. A key counts when it is let go, so the second is what the centre can do something about.

Exit 1 when a p95 is over its limit.
"""

import argparse
import asyncio
import random
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from callcenter.conducting.scripts import edition_reader
from callcenter.instance.instance import Instance, open_instance
from callcenter.settings import TREE
from tools.demo.prompt_samples import PromptBook
from tools.demo.script_path import play_keys
from tools.softphone.call import Call
from tools.softphone.g711 import RATE, Samples, decode_alaw, encode_alaw
from tools.softphone.phone import Softphone

WAIT = 0.3
FIRST_AUDIO_LIMIT, SILENT_LIMIT = 300.0, 150.0
RECOGNISED = 0.7
"""Enough to know where a prompt began; a busy machine may hitch in it."""
_KEY = "2"
_FRAME = 0.02
_SEARCH = RATE // 4
_LOUD = 300


@dataclass(frozen=True, slots=True)
class Taken:
    """One call's times, milliseconds; the last two are None when the key fell into a pause of the prompt."""

    answered: float
    first_audio: float
    silent_after_begin: float | None
    silent_after_end: float | None


async def measure_call(phone: Softphone, number: str, greeting: Samples, menu: Samples, dice: random.Random) -> Taken:
    call = await phone.call(number)
    await call.hear(greeting[: 2 * RATE], within=10, at_least=RECOGNISED)
    heard = await call.hear(menu[:RATE], within=15, at_least=RECOGNISED)
    await asyncio.sleep(dice.uniform(0.0, 3.0))
    key = await call.press(_KEY)
    await asyncio.sleep(0.5)
    await call.hang_up()
    assert call.answered_after is not None
    assert call.first_audio_after is not None
    last = find_last_sound(call, menu, begin=heard.second, after=call.second(key.ended_at))
    return Taken(
        answered=1000 * call.answered_after,
        first_audio=1000 * (call.first_audio_after - WAIT),
        silent_after_begin=None if last is None else 1000 * (last - call.second(key.began_at)),
        silent_after_end=None if last is None else 1000 * (last - call.second(key.ended_at)),
    )


def find_last_sound(call: Call, prompt: Samples, *, begin: float, after: float) -> float | None:
    """The second of the call at which the last packet of `prompt` ended, which began at second `begin`.

    None when the prompt itself pauses just then: nobody can tell silence from a pause.
    """
    expected = decode_alaw(encode_alaw(prompt)).astype(np.float64)
    last = None
    for packet in call.audio.packets:
        arrived = call.second(packet.at)
        if not after - 0.2 < arrived < after + 0.5 or not packet.payload:
            continue
        sound = decode_alaw(packet.payload).astype(np.float64)
        place = round((arrived - begin) * RATE)
        near = max(place - _SEARCH, 0)
        windows = sliding_window_view(expected[near : place + _SEARCH], len(sound))
        power = np.linalg.norm(windows, axis=1) * np.linalg.norm(sound)
        scores = (windows @ sound) / np.maximum(power, 1.0)
        if np.abs(sound).max() > _LOUD and scores.max() > 0.98:
            last = (arrived + _FRAME, near + int(scores.argmax()) + len(sound))
    if last is None or np.abs(expected[last[1] : last[1] + RATE // 25]).max(initial=0.0) <= _LOUD:
        return None
    return last[0]


async def measure(instance: Instance, *, calls: int, at_once: int) -> list[Taken]:
    settings, secrets = instance.settings, instance.secrets
    read = edition_reader(TREE / "ivr_scripts" / f"{settings.script}.yaml", TREE / "knowledge_base")
    edition, problems = read(datetime.now(settings.company.zone).date())
    if edition is None:
        raise SystemExit("\n".join(str(problem) for problem in problems))
    book = PromptBook(instance.layout)
    way = play_keys(edition, "")
    greeting, menu = book.load_prompt(way.turns[0].prompts[0].text), book.load_prompt(way.turns[-1].prompts[-1].text)
    dice = random.Random(1)
    taken: list[Taken] = []
    left = iter(range(calls))
    centre = (str(settings.telephony.bind_address), instance.ports.sip)
    resident = secrets.resident
    async with Softphone(centre, user=resident.name, password=resident.password) as phone:

        async def caller(delay: float) -> None:
            await asyncio.sleep(delay)
            for _ in left:
                taken.append(await measure_call(phone, settings.company.number, greeting, menu, dice))
                print(f"\r{len(taken)} of {calls}", end="", file=sys.stderr, flush=True)

        await asyncio.gather(*(caller(0.7 * number) for number in range(at_once)))
    print(file=sys.stderr)
    return taken


def tabulate(name: str, values: Sequence[float], *, limit: float | None = None) -> tuple[str, bool]:
    """A row of the table, and whether its p95 keeps within the limit."""
    p95 = float(np.percentile(values, 95))
    bound = "" if limit is None else f"{limit:.0f}"
    row = f"| {name} | {len(values)} | {statistics.median(values):.1f} | {p95:.1f} | {max(values):.1f} | {bound} |"
    return row, limit is None or p95 <= limit


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures calls to the running centre at the caller's telephone.")
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--at-once", type=int, default=4)
    arguments = parser.parse_args()
    taken = asyncio.run(measure(open_instance(), calls=arguments.calls, at_once=arguments.at_once))
    rows = [
        tabulate("INVITE → 200 OK", [one.answered for one in taken]),
        tabulate("INVITE → first prompt audio − 300", [one.first_audio for one in taken], limit=FIRST_AUDIO_LIMIT),
        tabulate("key down → prompt silent", [ms for one in taken if (ms := one.silent_after_begin) is not None]),
        tabulate(
            "key up → prompt silent",
            [ms for one in taken if (ms := one.silent_after_end) is not None],
            limit=SILENT_LIMIT,
        ),
    ]
    print("| ms | n | median | p95 | max | limit |\n|---|---|---|---|---|---|")
    print("\n".join(row for row, _ in rows))
    return 0 if all(kept for _, kept in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

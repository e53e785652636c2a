"""Several ears, each a program of its own: who gets a leg, and what a leg notices of an ear's end."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from callcenter.hearing.client.client import LegLost, LegMoved, LegRestored
from callcenter.hearing.client.server_pool import ServerPool
from callcenter.hearing.wire import Final
from tests.hearing.running_server import Counted, Listened, RunningEar, open_leg
from tests.stand_ins.tones import say_in_tones, silence


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[tuple[RunningEar, RunningEar]]:
    with ExitStack() as stack:
        one, two = RunningEar(tmp_path / "1.sock"), RunningEar(tmp_path / "2.sock")
        for program in (one, two):
            program.start()
            stack.callback(program.stop)
        yield one, two


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
async def ears(programs: tuple[RunningEar, RunningEar], counted: Counted) -> AsyncIterator[ServerPool]:
    ears = ServerPool([program.address for program in programs], metrics_recorder=counted)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(ears.run())
        await asyncio.gather(*(client.wait_for_connection(within=15) for client in ears.clients))
        yield ears
        running.cancel()


def says(listened: Listened, words: str) -> None:
    listened.speak(np.concatenate([say_in_tones(words), silence(1.0)]))


async def test_a_leg_goes_to_the_ear_with_fewer_and_moves_without_a_word_when_its_ear_dies(
    ears: ServerPool, programs: tuple[RunningEar, RunningEar], counted: Counted
) -> None:
    first, second = open_leg(ears), open_leg(ears)
    assert [len(client.legs) for client in ears.clients] == [1, 1]
    says(first, "вода")
    await first.waits_for(Final)
    programs[0].send(signal.SIGKILL)
    await first.waits_for(LegMoved)
    assert [len(client.legs) for client in ears.clients] == [0, 2]
    says(first, "течёт")
    final = await first.waits_for(Final)
    assert isinstance(final, Final)
    assert final.begin > 1.0, "times go on where they were"
    assert await first.closes() == "вода течёт"
    assert LegLost not in {type(told) for told in (*first.told, *second.told)}
    assert counted.losses == 1
    assert counted.dropped < 0.5


async def test_legs_that_lost_every_ear_go_on_at_the_first_that_comes_back(
    ears: ServerPool, programs: tuple[RunningEar, RunningEar], counted: Counted
) -> None:
    leg = open_leg(ears)
    for program in programs:
        program.send(signal.SIGKILL)
        program.wait()
    await leg.waits_for(LegLost)
    leg.leg.send_audio(bytes(1600))
    assert counted.dropped == pytest.approx(0.1)
    programs[1].start()
    await leg.waits_for(LegRestored, within=15)
    says(leg, "дом")
    assert await leg.closes() == "дом"

"""The lease: what frees a caller from a controller that is stuck, frozen or dead."""

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping

import pytest

from callcenter.conducting.caller import Arrival
from callcenter.conducting.ports import ActionResult
from tests.stand_ins.ari import StandInAsterisk
from tests.stand_ins.centre import Caller, run_centre
from tests.stand_ins.centre_process import start_centre

GREETING = "sound:prompts/Здравствуйте, разговор записывается."


class StuckActions:
    """Carries nothing out until it is let go, and does not listen to being cancelled."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()

    async def run_action(self, action: str, *, arrival: Arrival, arguments: Mapping[str, str]) -> ActionResult:
        while not self.let_go.is_set():
            try:
                await self.let_go.wait()
            except asyncio.CancelledError:
                continue
        return ActionResult("известен", {})


@pytest.fixture
async def stuck() -> AsyncIterator[StuckActions]:
    actions = StuckActions()
    yield actions
    actions.let_go.set()
    await asyncio.sleep(0)


async def test_lease_is_renewed_while_the_call_progresses(asterisk: StandInAsterisk) -> None:
    asterisk.lease_seconds = 1
    asterisk.sound_lengths[GREETING] = 30
    async with run_centre(asterisk, lease_seconds=1) as centre:
        caller = centre.call()
        await caller.hears("разговор записывается")
        await asyncio.sleep(1.8)
        assert caller.channel.place == "application"
        assert 3 <= caller.channel.renewals <= 9


async def test_a_stuck_action_loses_only_its_own_lease(asterisk: StandInAsterisk, stuck: StuckActions) -> None:
    asterisk.lease_seconds = 1
    async with run_centre(asterisk, lease_seconds=1, patience=60, actions=stuck, leave_within=0.2) as centre:
        unlucky, other = centre.call(), centre.call()
        for caller in (unlucky, other):
            await caller.hears("нажмите один")
        unlucky.presses("1")
        await unlucky.is_in("lease ended", within=8)
        assert other.channel.place == "application"
        await centre.lets_go_of(unlucky, within=8)
        other.presses("2")
        await other.is_in("goodbye")


async def test_an_action_that_takes_too_long_gives_the_caller_a_person(
    asterisk: StandInAsterisk, stuck: StuckActions
) -> None:
    async with run_centre(asterisk, patience=0.3, actions=stuck) as centre:
        caller = centre.call()
        await caller.hears("нажмите один")
        caller.presses("1")
        await caller.is_in("fallback", within=8)
        await centre.lets_go_of(caller)
        assert "TimeoutError" in centre.notes.facts(caller.call_id, "failed")[0]["what"]


async def test_a_late_result_of_a_call_that_was_freed_does_no_harm(
    asterisk: StandInAsterisk, stuck: StuckActions
) -> None:
    asterisk.lease_seconds = 1
    async with run_centre(asterisk, lease_seconds=1, patience=60, actions=stuck) as centre:
        caller = centre.call()
        await caller.hears("нажмите один")
        caller.presses("1")
        await caller.is_in("lease ended", within=8)
        stuck.let_go.set()
        await centre.lets_go_of(caller, within=8)
        assert caller.channel.place == "lease ended"
        assert "failed" not in centre.notes.kinds(caller.call_id)


async def test_a_frozen_controller_loses_its_callers_and_harms_none_when_it_thaws(asterisk: StandInAsterisk) -> None:
    asterisk.lease_seconds = 1
    asterisk.sound_seconds = 0.3
    async with start_centre(asterisk.address, lease_seconds=1) as child:
        greeted, asked = Caller(asterisk, asterisk.arrive()), Caller(asterisk, asterisk.arrive())
        await asked.hears("нажмите один")
        leaving = Caller(asterisk, asterisk.arrive())
        await leaving.hears("нажмите один")
        leaving.presses("2")
        await leaving.hears("До свидания")
        child.send_signal(signal.SIGSTOP)
        asked.presses("0")
        await asyncio.gather(*(caller.is_in("lease ended", within=8) for caller in (greeted, asked, leaving)))
        before = len(asterisk.requests)
        child.send_signal(signal.SIGCONT)
        await asked.waits_until(lambda: len(asterisk.requests) > before, 3, "it did not wake up")
        await asyncio.sleep(0.5)
        for caller in (greeted, asked, leaving):
            assert caller.channel.place == "lease ended"
            assert not caller.channel.deleted
        again = Caller(asterisk, asterisk.arrive())
        await again.hears("разговор записывается", within=8)


async def test_the_calls_of_a_killed_controller_are_passed_on_by_the_next(asterisk: StandInAsterisk) -> None:
    asterisk.sound_seconds = 20
    async with start_centre(asterisk.address, lease_seconds=6) as child:
        left = Caller(asterisk, asterisk.arrive())
        await left.hears("разговор записывается")
        child.kill()
        await child.wait()
    for playback in left.channel.queued:
        playback.stopped.set()
    async with run_centre(asterisk) as centre:
        await left.is_in("fallback")
        assert centre.notes.kinds(left.call_id) == ["adopted"]

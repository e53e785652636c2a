"""The controller as a whole, between a stand-in Asterisk, a stand-in AMI and a real database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from callcenter.alarms.models import AlarmKind
from callcenter.conducting.scripts import BrokenScript, ReadEdition, ScriptEdition, ScriptEditions
from callcenter.core.database import Database
from callcenter.core.problems import FileLocation, Problem
from callcenter.knowledge.categories import Categories
from callcenter.queues.models import Member
from callcenter.telephony import controller as controller_room
from callcenter.telephony.controller import AsteriskAccess, Controller
from tests.stand_ins import ami, ari
from tests.stand_ins.centre import MOSCOW, Caller, read_small_script
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.notes import KeptNotes
from tests.stand_ins.prompts import ReadablePrompts
from tests.stand_ins.register import KeptAlarms, PaperRegister

PHONE = "PJSIP/d-4f1a9c"
ARI, AMI = (AlarmKind.TELEPHONY, "ari"), (AlarmKind.TELEPHONY, "ami")


def read_small(_: date) -> tuple[ScriptEdition | None, Sequence[Problem]]:
    return ScriptEdition(read_small_script(), {"KB_HOURS": "Открыто до пяти."}, Categories(())), ()


def read_broken(_: date) -> tuple[ScriptEdition | None, Sequence[Problem]]:
    return None, [Problem(FileLocation(Path("small.yaml"), 9, 12), "IVR201", "нет шага «миню»")]


@dataclass
class House:
    """A running controller, its clock, and what it wrote."""

    controller: Controller
    running: asyncio.Task[None]
    clock: FakeClock
    alarms: KeptAlarms
    notes: KeptNotes
    register: PaperRegister

    async def sees(self, condition: Callable[[], bool], *, within: float = 10.0) -> None:
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def stops(self, *, within: float) -> None:
        self.controller.stop()
        async with asyncio.timeout(within):
            await self.running


@asynccontextmanager
async def run_house(
    database: Database, clock: FakeClock, *, ari_port: int, ami_port: int, read: ReadEdition = read_small
) -> AsyncIterator[House]:
    prompts, alarms, notes, register = ReadablePrompts(), KeptAlarms(), KeptNotes(), PaperRegister()
    controller = Controller(
        AsteriskAccess(f"http://127.0.0.1:{ari_port}", "127.0.0.1", ami_port, ari.USER, ari.PASSWORD, ami.PASSWORD),
        database=database,
        script_store=ScriptEditions(
            read, watched=(), subject="small.yaml", prompts=prompts, alarms=alarms, clock=clock, zone=MOSCOW
        ),
        prompts=prompts,
        notes=notes,
        register=register,
        alarms=alarms,
        clock=clock,
        zone=MOSCOW,
        lease_seconds=6,
        wrap_up_seconds=15,
        extensions={PHONE: "101"},
    )
    running = asyncio.create_task(controller.run())
    try:
        yield House(controller, running, clock, alarms, notes, register)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def switch() -> AsyncIterator[ami.StandInAmi]:
    async with ami.run_ami() as switch:
        switch.add_member(PHONE, PHONE, status=1)
        yield switch


@pytest.fixture
async def house(
    database: Database, clock: FakeClock, asterisk: ari.StandInAsterisk, switch: ami.StandInAmi
) -> AsyncIterator[House]:
    async with run_house(database, clock, ari_port=asterisk.port, ami_port=switch.port) as house:
        await house.sees(lambda: house.controller.connected)
        yield house


async def test_it_answers_calls_and_shows_the_queue(
    house: House, asterisk: ari.StandInAsterisk, switch: ami.StandInAmi, database: Database
) -> None:
    caller = Caller(asterisk, asterisk.arrive())
    await caller.hears("нажмите два")
    assert house.controller.call_ids == {caller.call_id}
    caller.presses("2")
    await caller.hears("Открыто до пяти")
    await caller.is_in("goodbye")
    await house.sees(lambda: not house.controller.call_ids)
    async with database.begin() as session:
        member = await session.get(Member, PHONE)
    assert member is not None
    assert member.extension == "101"


async def test_a_talk_that_ami_tells_of_is_noted_for_asterisk_may_be_unable_to_write_it_down(
    house: House, switch: ami.StandInAmi
) -> None:
    await house.sees(lambda: switch.connections == 1)
    switch.emit("AgentConnect", {"Uniqueid": "b1-17.1", "DestUniqueid": "b1-17.2", "Interface": PHONE})
    await house.sees(lambda: bool(house.notes.notes))
    (note,) = house.notes.notes
    assert (note.call_id, note.kind, note.at) == ("b1-17.1", "connected", house.clock.now())
    assert note.facts == {"channel": "b1-17.2", "member": PHONE}


async def test_whoever_waits_since_before_a_step_of_the_clock_is_queued_anew_or_has_hung_up(
    house: House, asterisk: ari.StandInAsterisk, switch: ami.StandInAmi
) -> None:
    caller = Caller(asterisk, asterisk.arrive())
    await caller.hears("нажмите два")
    caller.presses("0")
    await caller.is_in("to-queue")
    switch.waiting |= {"b1-17.1": -3590, caller.call_id: -3580}
    switch.emit("QueueCallerJoin", {})
    await house.sees(lambda: caller.channel.waits_ended > 0)
    assert switch.connections == 1


async def test_a_stop_hands_the_callers_over_at_once(house: House, asterisk: ari.StandInAsterisk) -> None:
    asterisk.sound_seconds = 20
    callers = [Caller(asterisk, asterisk.arrive()) for _ in range(5)]
    for caller in callers:
        await caller.hears("разговор записывается")
    await house.stops(within=8)
    for caller in callers:
        await caller.is_in("fallback", within=8)
        assert not caller.channel.deleted


async def test_a_stop_does_not_wait_for_a_call_that_is_stuck(
    house: House, asterisk: ari.StandInAsterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controller_room, "RELEASE_TIMEOUT_SECONDS", 0.5)
    house.register.frozen = asyncio.Event()
    stuck, other = Caller(asterisk, asterisk.arrive()), Caller(asterisk, asterisk.arrive())
    for caller in (stuck, other):
        await caller.hears("нажмите один")
    stuck.presses("1")
    await house.sees(lambda: house.register.asked == 1)
    await house.stops(within=8)
    await other.is_in("fallback", within=8)
    house.register.frozen.set()


async def test_a_broken_script_is_told_before_asterisk_hears_of_us(
    database: Database, clock: FakeClock, asterisk: ari.StandInAsterisk, switch: ami.StandInAmi
) -> None:
    async with run_house(database, clock, ari_port=asterisk.port, ami_port=switch.port, read=read_broken) as house:
        with pytest.raises(BrokenScript, match=r"small\.yaml:9:12: нет шага «миню»"):
            await house.running
    assert (asterisk.connections, switch.connections) == (0, 0)


async def test_the_board_hears_of_a_connection_that_stays_away_and_of_its_return(
    database: Database, clock: FakeClock, unused_tcp_port_factory: Callable[[], int]
) -> None:
    ari_port, ami_port = unused_tcp_port_factory(), unused_tcp_port_factory()
    async with run_house(database, clock, ari_port=ari_port, ami_port=ami_port) as house:
        await asyncio.sleep(0.1)
        assert not house.alarms.standing, "shorter breaks mend themselves"

        def both_are_told_of() -> bool:
            clock.advance(seconds=0.1)
            return house.alarms.standing.keys() == {ARI, AMI}

        await house.sees(both_are_told_of)
        async with ari.run_asterisk(port=ari_port):
            await house.sees(lambda: house.alarms.standing.keys() == {AMI}, within=30)
            async with ami.run_ami(port=ami_port):
                await house.sees(lambda: not house.alarms.standing, within=30)

"""The queue's members: shown as Asterisk sees them, paused as the dispatchers wish."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from callcenter.core.database import Database
from callcenter.queues.models import Member, MemberRequest, MemberState
from callcenter.queues.service import ask_member
from callcenter.telephony.ami import connection
from callcenter.telephony.ami import members as members_room
from callcenter.telephony.ami.members import AmiAccess, Members
from callcenter.telephony.ami.talks import TalkEvent
from tests.stand_ins.ami import PASSWORD, QUEUE, USER, StandInAmi, run_ami
from tests.stand_ins.clock import MORNING, FakeClock

ANNA, BORIS = "PJSIP/d-4f1a9c", "PJSIP/d-81c2e0"
WRAP_UP = 15


@pytest.fixture
async def switch() -> AsyncIterator[StandInAmi]:
    async with run_ami() as switch:
        switch.add_member(ANNA, ANNA, status=1)
        switch.add_member(BORIS, BORIS)
        yield switch


class Board:
    """The rows, as the desk would read them."""

    def __init__(self, database: Database, members: Members, clock: FakeClock) -> None:
        self.database, self.members, self.clock = database, members, clock

    async def shows(self, interface: str, state: MemberState, *, why: str | None = None) -> Member:
        async with asyncio.timeout(10):
            while True:
                async with self.database.begin() as session:
                    row = await session.get(Member, interface)
                if row is not None and (row.state, row.pause_reason) == (state, why):
                    return row
                await asyncio.sleep(0.01)

    async def asks(self, interface: str, *, paused: bool, reason: str = "") -> int:
        async with self.database.begin() as session:
            return await ask_member(
                session, interface=interface, paused=paused, reason=reason, author="anna", now=self.clock.now()
            )

    async def has_settled(self, request: int) -> MemberRequest:
        async with asyncio.timeout(10):
            while True:
                async with self.database.begin() as session:
                    row = await session.scalar(select(MemberRequest).where(MemberRequest.id == request))
                if row is not None and row.done_at is not None:
                    return row
                await asyncio.sleep(0.01)

    async def is_connected(self, connected: bool = True) -> None:
        await until(lambda: self.members.connected == connected, within=8)


async def until(condition: Callable[[], bool], *, within: float) -> None:
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members_room, "STATUS_INTERVAL", 0.3)
    monkeypatch.setattr(members_room, "REQUEST_INTERVAL", 0.1)


@asynccontextmanager
async def watching(
    switch: StandInAmi,
    database: Database,
    clock: FakeClock,
    *,
    on_talk: Callable[[TalkEvent], None] | None = None,
    queue_anew: Callable[[str], Awaitable[None]] | None = None,
) -> AsyncIterator[Board]:
    members = Members(
        AmiAccess("127.0.0.1", switch.port, USER, PASSWORD),
        queue=QUEUE,
        database=database,
        extensions={ANNA: "101", BORIS: "102"},
        wrap_up_seconds=WRAP_UP,
        clock=clock,
        on_member_call=on_talk,
        requeue_caller=queue_anew,
    )
    running = asyncio.create_task(members.run())
    try:
        yield Board(database, members, clock)
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def board(switch: StandInAmi, database: Database, clock: FakeClock) -> AsyncIterator[Board]:
    async with watching(switch, database, clock) as board:
        yield board


async def test_a_talk_is_told_of_with_asterisks_own_moment(
    switch: StandInAmi, database: Database, clock: FakeClock
) -> None:
    told: list[TalkEvent] = []
    fields = {"Uniqueid": "b1-17.1", "DestUniqueid": "b1-17.2", "Interface": ANNA}
    async with watching(switch, database, clock, on_talk=told.append) as board:
        await board.is_connected()
        switch.emit("AgentConnect", fields | {"Timestamp": str(MORNING.timestamp() - 12.5)})
        switch.emit("AgentComplete", fields | {"TalkTime": "30"})
        switch.emit("AgentConnect", {"Interface": ANNA})
        switch.emit("AgentRingNoAnswer", fields)
        switch.emit("AgentConnect", fields | {"Timestamp": "nonsense"})
        await until(lambda: len(told) == 3, within=8)
    assert told == [
        TalkEvent("connected", MORNING - timedelta(seconds=12.5), "b1-17.1", "b1-17.2", ANNA),
        TalkEvent("talk_ended", MORNING, "b1-17.1", "b1-17.2", ANNA),
        TalkEvent("connected", MORNING, "b1-17.1", "b1-17.2", ANNA),
    ]


async def test_a_members_day(board: Board, switch: StandInAmi, clock: FakeClock) -> None:
    anna = await board.shows(ANNA, MemberState.FREE)
    assert (anna.extension, anna.since) == ("101", clock.now())
    await board.shows(BORIS, MemberState.ABSENT)
    switch.change(ANNA, status=6)
    await board.shows(ANNA, MemberState.RINGING)
    switch.change(ANNA, status=2)
    await board.shows(ANNA, MemberState.TALKING)
    switch.change(BORIS, status=1)
    await board.shows(BORIS, MemberState.FREE)
    switch.change(ANNA, status=1, last_call=int(clock.now().timestamp()))
    await board.shows(ANNA, MemberState.WRAP_UP)
    clock.advance(seconds=WRAP_UP)
    await board.shows(ANNA, MemberState.FREE)  # Asterisk reports nothing: the next look finds it
    switch.change(ANNA, status=5)
    await board.shows(ANNA, MemberState.ABSENT)


async def test_a_clock_that_was_put_back_makes_nobody_wrap_up_for_an_hour(
    board: Board, switch: StandInAmi, clock: FakeClock
) -> None:
    later = clock.now() + timedelta(hours=1)
    switch.change(ANNA, status=1, last_call=int(later.timestamp()))
    await board.shows(ANNA, MemberState.FREE)
    assert switch.members[ANNA].last_call == 0  # Asterisk itself would have offered her no call for that hour


async def test_a_clock_that_was_put_back_keeps_no_caller_in_the_queue_for_an_hour(
    switch: StandInAmi, database: Database, clock: FakeClock
) -> None:
    again: list[str] = []

    async def queue_anew(call_id: str) -> None:
        again.append(call_id)
        del switch.waiting[call_id]
        switch.waiting[call_id] = 0

    switch.waiting |= {"b1-17.1": -3590, "b1-17.2": -3580, "b1-17.3": 0, "b1-17.4": 25}
    async with watching(switch, database, clock, queue_anew=queue_anew):
        await until(lambda: len(again) == 2, within=10)
        looks = len(switch.actions)
        await until(lambda: len(switch.actions) > looks + 1, within=10)
    assert again == ["b1-17.1", "b1-17.2"]  # in the order in which they came, and each of them once


async def test_a_pause_is_carried_out_and_shown_with_its_reason(board: Board, switch: StandInAmi) -> None:
    await board.shows(ANNA, MemberState.FREE)
    request = await board.asks(ANNA, paused=True, reason="Обед\r\nAction: Originate")
    assert (await board.has_settled(request)).failure is None
    await board.shows(ANNA, MemberState.PAUSED, why="Обед  Action: Originate")
    assert [action["Queue"] for action in switch.actions if action["Action"] == "QueuePause"] == [QUEUE]
    await board.asks(ANNA, paused=False)
    await board.shows(ANNA, MemberState.FREE)


async def test_a_wish_that_cannot_be_granted_is_answered(board: Board, switch: StandInAmi) -> None:
    await board.shows(BORIS, MemberState.ABSENT)
    del switch.members[BORIS]
    request = await board.asks(BORIS, paused=True)
    assert "Interface not found" in str((await board.has_settled(request)).failure)


async def test_a_wish_outlives_a_break(board: Board, switch: StandInAmi) -> None:
    await board.shows(ANNA, MemberState.FREE)
    switch.drop()
    request = await board.asks(ANNA, paused=True, reason="перерыв")
    await until(lambda: switch.connections == 2, within=8)
    await board.has_settled(request)
    await board.shows(ANNA, MemberState.PAUSED, why="перерыв")


async def test_a_switch_that_fell_silent_is_noticed(
    board: Board, switch: StandInAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    await board.is_connected()
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.2)
    switch.deaf = True
    await board.is_connected(False)
    switch.deaf = False
    await board.is_connected()


async def test_words_of_others_that_are_too_long_are_cut(board: Board, switch: StandInAmi) -> None:
    await board.shows(ANNA, MemberState.FREE)
    switch.change(ANNA, paused=True, reason="о" * 300)
    await board.shows(ANNA, MemberState.PAUSED, why="о" * 100)


async def test_without_a_database_the_connection_stays(switch: StandInAmi, clock: FakeClock) -> None:
    nowhere = Database("postgresql+psycopg://nobody@127.0.0.1:9/nothing", connect_seconds=1)
    async with watching(switch, nowhere, clock) as board:
        await board.is_connected()
        switch.change(ANNA, status=2)
        await asyncio.sleep(1.0)
        assert board.members.connected
        assert switch.connections == 1
    await nowhere.close()

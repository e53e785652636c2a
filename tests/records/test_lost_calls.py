"""Calls that died with Asterisk are found by asking it what it holds, whatever the clocks say."""

import asyncio
from collections.abc import Sequence

import pytest

from callcenter.calls.models import CallState, Outcome
from callcenter.core.database import Database
from callcenter.intake import lost_calls as room
from callcenter.intake.errors import AsteriskSilent
from callcenter.intake.lost_calls import MISSING_SECONDS, LostCalls
from callcenter.intake.reconciliation import SeenChannel
from callcenter.intake.truth import TruthReader
from callcenter.queues.models import TaskKind
from tests.records.rows import card_of, until
from tests.stand_ins.asterisk_files import AsteriskFiles, InboundCall
from tests.stand_ins.clock import MORNING, FakeClock


class PlantedExchange:
    """Asterisk in its start `mark`, with the channels that the test put there; None: it does not answer."""

    def __init__(self) -> None:
        self.mark: str | None = "b1"
        self.held: list[str] = []
        self.asked = 0

    async def boot(self) -> str:
        self.asked += 1
        if self.mark is None:
            raise AsteriskSilent
        return self.mark

    async def channels(self) -> Sequence[SeenChannel]:
        return [SeenChannel(channel_id, "PJSIP/trunk", "inbound", MORNING) for channel_id in self.held]


@pytest.fixture
def exchange() -> PlantedExchange:
    return PlantedExchange()


@pytest.fixture
def lost(database: Database, truth: TruthReader, exchange: PlantedExchange, clock: FakeClock) -> LostCalls:
    return LostCalls(database, truth, exchange, clock=clock)


@pytest.fixture
async def waiting(files: AsteriskFiles, truth: TruthReader) -> InboundCall:
    """A caller in the queue."""
    call = InboundCall(files, "b1-17.0", MORNING)
    call.arrives()
    call.enters_queue(5)
    while await truth.read_on():
        pass
    return call


async def is_called_back(database: Database, truth: TruthReader, call: InboundCall) -> None:
    await truth.settle()
    card = await card_of(database, call.call_id)
    assert (card.call.state, card.call.outcome) == (CallState.ENDED, Outcome.ABANDONED)
    assert card.call.ended_at == call.at(5), "the last that is known of it"
    assert card.task is not None
    assert card.task.kind is TaskKind.LOST


@pytest.mark.parametrize("set_by", [0.0, 1.0, -1.0])
async def test_what_an_earlier_asterisk_held_is_called_back_at_the_first_look_at_the_new_one(
    *,
    set_by: float,
    database: Database,
    files: AsteriskFiles,
    truth: TruthReader,
    lost: LostCalls,
    exchange: PlantedExchange,
    waiting: InboundCall,
    clock: FakeClock,
) -> None:
    clock.advance(seconds=10)
    clock.jump(hours=set_by)
    exchange.mark = None
    with pytest.raises(AsteriskSilent):
        await lost.look()
    exchange.mark = "b2"
    InboundCall(files, "b2-17.0", clock.now()).arrives()
    exchange.held = ["b2-17.0"]
    assert await lost.look() == ("b1-17.0",)
    await is_called_back(database, truth, waiting)
    assert (await card_of(database, "b2-17.0")).call.state is CallState.IVR
    assert await lost.look() == ()


async def test_a_start_whose_number_begins_with_an_earlier_ones_is_another(
    lost: LostCalls, exchange: PlantedExchange, waiting: InboundCall
) -> None:
    exchange.mark = "b17"
    assert await lost.look() == (waiting.call_id,)


async def test_a_call_whose_end_asterisk_could_not_write_down_is_missed_for_a_while_first(
    *,
    database: Database,
    truth: TruthReader,
    lost: LostCalls,
    exchange: PlantedExchange,
    waiting: InboundCall,
    clock: FakeClock,
) -> None:
    exchange.held = [waiting.call_id]
    clock.advance(seconds=30)
    assert await lost.look() == ()
    exchange.held = []
    assert await lost.look() == ()
    clock.jump(hours=1)
    assert await lost.look() == (), "a clock that was set is no time that passed"
    clock.advance(seconds=MISSING_SECONDS)
    clock.jump(hours=-2)
    assert await lost.look() == (waiting.call_id,)
    clock.jump(hours=1)
    await is_called_back(database, truth, waiting)


async def test_a_call_that_hangs_up_between_the_looks_is_not_lost(
    database: Database, lost: LostCalls, exchange: PlantedExchange, waiting: InboundCall, clock: FakeClock
) -> None:
    await lost.look()
    waiting.hangs_up(9)
    clock.advance(seconds=MISSING_SECONDS)
    assert await lost.look() == ()
    assert (await card_of(database, waiting.call_id)).call.ended_at == waiting.at(9)


async def test_an_end_that_the_dying_asterisk_wrote_counts(
    database: Database, lost: LostCalls, exchange: PlantedExchange, waiting: InboundCall
) -> None:
    waiting.hangs_up(9)
    exchange.mark = "b2"
    assert await lost.look() == ()
    assert "lost" not in [event.kind for event in (await card_of(database, waiting.call_id)).events]


async def test_asterisk_is_left_alone_while_nobody_calls(lost: LostCalls, exchange: PlantedExchange) -> None:
    assert await lost.look() == ()
    assert exchange.asked == 0


async def test_a_new_connection_to_asterisk_has_it_look_at_once(
    *,
    monkeypatch: pytest.MonkeyPatch,
    database: Database,
    truth: TruthReader,
    lost: LostCalls,
    exchange: PlantedExchange,
    waiting: InboundCall,
    clock: FakeClock,
) -> None:
    monkeypatch.setattr(room, "LOOK_SECONDS", 3600)
    exchange.held = [waiting.call_id]
    clock.advance(seconds=10)
    looking = asyncio.create_task(lost.run())

    async def has_looked() -> bool:
        return exchange.asked > 0

    async def is_closed() -> bool:
        return (await card_of(database, waiting.call_id)).call.state is CallState.ENDED

    await until(has_looked)
    exchange.mark, exchange.held = "b2", []
    lost.look_soon()
    await until(is_closed)
    looking.cancel()


async def test_a_look_that_fails_is_no_end_of_looking(
    monkeypatch: pytest.MonkeyPatch, lost: LostCalls, exchange: PlantedExchange, waiting: InboundCall
) -> None:
    monkeypatch.setattr(room, "LOOK_SECONDS", 0.01)
    exchange.mark = None
    looking = asyncio.create_task(lost.run())

    async def has_tried_again() -> bool:
        return exchange.asked > 2

    await until(has_tried_again)
    looking.cancel()

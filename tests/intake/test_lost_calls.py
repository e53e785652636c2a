"""Calls that died with Asterisk are found by asking it what it holds, whatever the clocks say."""

import asyncio

import pytest
from sqlalchemy import select

from callcenter.callbacks.models import CallbackKind
from callcenter.calls.models import Call, CallState, Outcome
from callcenter.core.database import Database
from callcenter.core.errors import AsteriskUnavailable
from callcenter.intake import lost_calls as room
from callcenter.intake.admission import ensure_call
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.lost_calls import MISSING_SECONDS, LostCalls
from tests.helpers.planted_exchange import PlantedExchange
from tests.helpers.rows import card_of, until
from tests.stand_ins.asterisk_files import AsteriskFiles, InboundCall
from tests.stand_ins.clock import MORNING, FakeClock


@pytest.fixture
def exchange() -> PlantedExchange:
    return PlantedExchange()


@pytest.fixture
def lost(database: Database, truth: AsteriskLogReader, exchange: PlantedExchange, clock: FakeClock) -> LostCalls:
    return LostCalls(database, truth, exchange, clock=clock)


@pytest.fixture
async def waiting(files: AsteriskFiles, truth: AsteriskLogReader) -> InboundCall:
    """A caller in the queue."""
    call = InboundCall(files, "b1-17.0", MORNING)
    call.arrives()
    call.enters_queue(5)
    while await truth.read_new_lines():
        pass
    return call


async def known_calls(database: Database) -> list[str]:
    async with database.begin() as session:
        return list(await session.scalars(select(Call.id)))


async def is_called_back(database: Database, truth: AsteriskLogReader, call: InboundCall) -> None:
    await truth.assign_outcomes()
    card = await card_of(database, call.call_id)
    assert (card.call.state, card.call.outcome) == (CallState.ENDED, Outcome.ABANDONED)
    assert card.call.ended_at == call.at(5), "the last that is known of it"
    assert card.callback is not None
    assert card.callback.kind is CallbackKind.LOST


@pytest.mark.parametrize("set_by", [0.0, 1.0, -1.0])
async def test_what_an_earlier_asterisk_held_is_called_back_at_the_first_look_at_the_new_one(
    *,
    set_by: float,
    database: Database,
    files: AsteriskFiles,
    truth: AsteriskLogReader,
    lost: LostCalls,
    exchange: PlantedExchange,
    waiting: InboundCall,
    clock: FakeClock,
) -> None:
    clock.advance(seconds=10)
    clock.jump(hours=set_by)
    exchange.mark = None
    with pytest.raises(AsteriskUnavailable):
        await lost.detect_lost_calls()
    exchange.mark = "b2"
    InboundCall(files, "b2-17.0", clock.now()).arrives()
    exchange.held = ["b2-17.0"]
    assert await lost.detect_lost_calls() == ("b1-17.0",)
    await is_called_back(database, truth, waiting)
    assert (await card_of(database, "b2-17.0")).call.state is CallState.IVR
    assert await lost.detect_lost_calls() == ()


async def test_a_start_whose_number_begins_with_an_earlier_ones_is_another(
    lost: LostCalls, exchange: PlantedExchange, waiting: InboundCall
) -> None:
    exchange.mark = "b17"
    assert await lost.detect_lost_calls() == (waiting.call_id,)


async def test_a_call_whose_end_asterisk_could_not_write_down_is_missed_for_a_while_first(
    *,
    database: Database,
    truth: AsteriskLogReader,
    lost: LostCalls,
    exchange: PlantedExchange,
    waiting: InboundCall,
    clock: FakeClock,
) -> None:
    exchange.held = [waiting.call_id]
    clock.advance(seconds=30)
    assert await lost.detect_lost_calls() == ()
    exchange.held = []
    assert await lost.detect_lost_calls() == ()
    clock.jump(hours=1)
    assert await lost.detect_lost_calls() == (), "a clock that was set is no time that passed"
    clock.advance(seconds=MISSING_SECONDS)
    clock.jump(hours=-2)
    assert await lost.detect_lost_calls() == (waiting.call_id,)
    clock.jump(hours=1)
    await is_called_back(database, truth, waiting)


async def test_a_call_that_hangs_up_between_the_looks_is_not_lost(
    database: Database, lost: LostCalls, exchange: PlantedExchange, waiting: InboundCall, clock: FakeClock
) -> None:
    await lost.detect_lost_calls()
    waiting.hangs_up(9)
    clock.advance(seconds=MISSING_SECONDS)
    assert await lost.detect_lost_calls() == ()
    assert (await card_of(database, waiting.call_id)).call.ended_at == waiting.at(9)


async def test_an_end_that_the_dying_asterisk_wrote_counts(
    database: Database, lost: LostCalls, exchange: PlantedExchange, waiting: InboundCall
) -> None:
    waiting.hangs_up(9)
    exchange.mark = "b2"
    assert await lost.detect_lost_calls() == ()
    assert "lost" not in [event.kind for event in (await card_of(database, waiting.call_id)).events]


async def test_a_caller_of_whom_nobody_could_tell_has_a_record_with_the_number(
    database: Database, truth: AsteriskLogReader, lost: LostCalls, exchange: PlantedExchange, clock: FakeClock
) -> None:
    """No room for Asterisk's files, and no controller."""
    came = clock.now()
    exchange.held = ["b1-17.0"]
    exchange.number = "+79215550142"
    await lost.detect_lost_calls()
    assert await known_calls(database) == [], "whoever knows more of it is waited for"
    clock.advance(seconds=MISSING_SECONDS)
    clock.jump(hours=1)
    await lost.detect_lost_calls()
    await lost.detect_lost_calls()
    card = await card_of(database, "b1-17.0")
    assert (card.call.caller_number, card.call.dialled) == ("+79215550142", "78125550100")
    assert (card.call.arrived_at, card.events[0].kind) == (came, "arrived")
    exchange.held = []
    await lost.detect_lost_calls()
    clock.advance(seconds=MISSING_SECONDS)
    assert await lost.detect_lost_calls() == ("b1-17.0",)
    await truth.assign_outcomes()
    card = await card_of(database, "b1-17.0")
    assert card.callback is not None
    assert card.callback.phone == "+79215550142"


async def test_the_number_of_a_call_known_only_by_its_middle_is_taken_from_its_channel(
    database: Database, lost: LostCalls, exchange: PlantedExchange, clock: FakeClock
) -> None:
    async with database.begin() as session:
        await ensure_call(session, "b1-17.0", at=clock.now())
    exchange.held, exchange.number = ["b1-17.0"], "+79215550142"
    await lost.detect_lost_calls()
    clock.advance(seconds=MISSING_SECONDS)
    await lost.detect_lost_calls()
    assert (await card_of(database, "b1-17.0")).call.caller_number == "+79215550142"


@pytest.mark.parametrize("context", ["internal", "from-trunk", "studio", "default"])
async def test_what_dispatchers_dial_is_no_call_of_residents(
    context: str, database: Database, lost: LostCalls, exchange: PlantedExchange, clock: FakeClock
) -> None:
    exchange.held, exchange.context = ["b1-17.0"], context
    await lost.detect_lost_calls()
    clock.advance(seconds=MISSING_SECONDS)
    await lost.detect_lost_calls()
    assert await known_calls(database) == []


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

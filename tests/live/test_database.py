"""PostgreSQL goes away under living calls: they go on, and what was promised and written down is there afterwards."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from callcenter.callbacks.models import CallbackKind, CallbackState
from callcenter.calls.models import CallEvent, Outcome
from callcenter.conducting.action_specs import NO_DATABASE, REGISTER_TICKET
from callcenter.journal.notes import Note, read_lines
from callcenter.operations.supervisor import CLERK, CONTROLLER, SUPERVISOR
from callcenter.telephony.ami.talks import CONNECTED
from tests.live.faults import frozen, postgres_of
from tests.live.records import Record
from tests.live.running_centre import LINES, RunningCentre
from tests.live.town import CALLER_TONE, DISPATCHER_TONE, Town
from tools.demo.script_path import play_keys
from tools.softphone import audio_analysis
from tools.softphone.call import Call
from tools.softphone.g711 import RATE

pytestmark = [pytest.mark.live, pytest.mark.timeout(120, func_only=True)]

QUICKEST = "LIFT_FAULT"
"""The trouble whose registration by keys needs the fewest words."""
SHORT_ANSWER = "KB15"
AWAY = 30.0
AFTER_THE_KILL = 5.0
WAITING = 4
LONGEST_WAIT = 30.0
"""As in the centre's settings."""
SHARED = ("arrived", CONNECTED)


@asynccontextmanager
async def stopped(centre: RunningCentre) -> AsyncIterator[None]:
    with frozen(centre.program(SUPERVISOR)):  # it would start PostgreSQL again at once
        await asyncio.to_thread(centre.cluster.stop)
        yield
    await asyncio.to_thread(centre.cluster.ensure_running)


@asynccontextmanager
async def standing_still(centre: RunningCentre) -> AsyncIterator[None]:
    with frozen(*postgres_of(centre)):
        yield


Away = Callable[[RunningCentre], AbstractAsyncContextManager[None]]


@pytest.mark.parametrize(("away", "seconds"), [(stopped, AWAY), (standing_still, 0.0)])
async def test_twenty_calls_lose_nothing_without_the_database(
    town: Town, centre: RunningCentre, away: Away, seconds: float
) -> None:
    """Controller and clerk are killed meanwhile: the journal is all that is left of what they knew."""
    centre.provoked.add("an alarm could not be cleared")
    talking = await town.called("0")
    member = await town.talk(talking, await town.dispatcher(), within=15)
    keys, answer = town.keys_to_ticket(QUICKEST), town.keys_to_answer(SHORT_ANSWER)
    promised = await town.called(keys[:-1])
    waiting = [await town.called("0") for _ in range(WAITING)]
    async with away(centre):
        begun = asyncio.get_running_loop().time()
        talks_on, member_talks_on = talking.second(), member.second()
        others = await asyncio.gather(
            *(town.called(answer if number % 2 else keys) for number in range(LINES - WAITING - 2))
        )
        leaving = [asyncio.create_task(leave_sometime(call, number)) for number, call in enumerate(others)]
        await town.hears(promised, town.asks(keys[:-1]), within=25)
        await promised.press(keys[-1])
        await town.hears(promised, promise(town, keys), first=None, within=10)
        await promised.hang_up()
        centre.kill(CONTROLLER)
        centre.kill(CLERK)
        await asyncio.sleep(max(AFTER_THE_KILL, begun + seconds - asyncio.get_running_loop().time()))
        written = notes_of(centre)
    assert len(written) > 3 * LINES
    await asyncio.gather(*leaving)
    if seconds >= AWAY:
        await town.hears_sound(waiting[0], "callcenter/voicemail", within=LONGEST_WAIT)
    await asyncio.gather(*(call.hang_up() for call in (talking, *waiting)))
    await asyncio.to_thread(centre.await_controller)
    await wait_until_applied(town, written)
    town.expect(talking, is_talk)
    town.expect(promised, is_kept_as_promised)
    for call in (*others, *waiting):
        town.expect(call, is_served_or_called_back)
    assert_talk_went_on(talking, DISPATCHER_TONE, since=talks_on)
    assert_talk_went_on(member, CALLER_TONE, since=member_talks_on)


async def leave_sometime(call: Call, number: int) -> None:
    await asyncio.sleep(random.Random(number).uniform(3.0, AWAY - 6.0))
    await call.hang_up()


def notes_of(centre: RunningCentre) -> list[Note]:
    """All notes in the journal that are lines of a timeline by themselves, in their order. Of an arrival and of a
    dispatcher's answer others tell, too, and whoever is first writes the line."""
    lines = read_lines(centre.layout.journal, None, limit=10_000)
    return [line.note for line in lines if line.note is not None and line.note.kind not in SHARED]


async def wait_until_applied(town: Town, written: list[Note]) -> None:
    """Every one of these notes is in its call's timeline, once and in the order of the journal."""
    wanted = defaultdict(list)
    for note in written:
        wanted[note.call_id].append(f"note:{note.id}")
    kept: dict[str, list[str]] = {}
    for _ in range(80):
        async with town.database.begin() as session:
            rows = await session.execute(
                select(CallEvent.call_id, CallEvent.key)
                .where(CallEvent.call_id.in_(wanted), CallEvent.key.startswith("note:"))
                .order_by(CallEvent.id)
            )
            kept = {call_id: [] for call_id in wanted}
            for call_id, key in rows:
                if key in wanted[call_id]:
                    kept[call_id].append(key)
        if all(map(len, kept.values())) and kept == wanted:
            return
        await asyncio.sleep(0.25)
    assert kept == wanted


def assert_talk_went_on(listener: Call, tone: int, *, since: float) -> None:
    """Twenty softphones in one process may be late with some packets."""
    heard = listener.heard[int(since * RATE) :]
    sounded = sum(span.seconds for span in audio_analysis.find_tone(heard, tone))
    assert sounded > 0.9 * len(heard) / RATE, f"{tone} Hz for {sounded:.1f} of {len(heard) / RATE:.1f} s"


def is_talk(record: Record) -> None:
    assert record.call.outcome is Outcome.TALKED


def is_served_or_called_back(record: Record) -> None:
    """However far the robot came with it before it died."""
    assert record.ticket is not None
    wanted = record.call.outcome is not Outcome.ROBOT or record.ticket.number is not None
    assert not wanted or record.task is not None or record.ticket.number is not None


def is_kept_as_promised(record: Record) -> None:
    """One ticket, whose number nobody has been told, and one task."""
    assert record.ticket is not None
    assert record.ticket.number is not None
    assert not [event for event in record.events if record.ticket.number in str(event.facts)]
    assert record.task is not None
    assert (record.task.kind, record.task.state) == (CallbackKind.PROMISE, CallbackState.OPEN)
    assert record.task.due_at == record.call.arrived_at + timedelta(minutes=10)


def promise(town: Town, keys: str) -> str:
    """What the robot says when it cannot give a number."""
    return play_keys(town.edition, keys, outcomes={REGISTER_TICKET: NO_DATABASE}).turns[-1].prompts[0].text

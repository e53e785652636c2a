"""Asterisk dies or stands still, its events stop, the disk is full: what callers notice, and what is kept of it."""

import asyncio
import re
import signal
import time
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from callcenter.alarms.models import AlarmKind
from callcenter.asterisk.launch_methods import AsteriskLaunchFailed
from callcenter.callbacks.models import CallbackKind
from callcenter.calls.models import Outcome, RecordingState
from callcenter.calls.recordings import KEPT
from callcenter.operations.supervisor import CLERK, CONTROLLER, SUPERVISOR
from tests.live.faults import frozen, silence_link, without_room
from tests.live.records import Record
from tests.live.running_centre import RunningCentre
from tests.live.town import DISPATCHER_TONE, Town
from tools.softphone import audio_analysis
from tools.softphone.call import Call
from tools.softphone.g711 import RATE
from tools.softphone.phone import Manners

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]

CALLED_BACK_WITHIN = 10.0
"""Seconds from the restart of Asterisk to the tasks of the calls that it dropped."""
FOUND_WITHIN = 6.0
"""Seconds until a link that fell silent is noticed: the lease."""
STANDSTILL = 3.0
AFTER_THE_END = 2.0
NO_ROOM_LOGGED = {
    "a recording cannot be filed",
    "journal cannot be written, notes wait in memory",
    "tapes cannot be written; the calls go on",
}
RAW_IS_SAFE = re.compile("Исходны(й файл цел|е файлы целы)")


async def test_calls_that_die_with_asterisk_are_called_back(town: Town, centre: RunningCentre) -> None:
    dispatcher = await town.dispatcher()
    talking, queued, asked = await town.called("0"), await town.called("0"), await town.called(town.keys_to_question)
    await town.talk(talking, dispatcher, within=15)
    greeted = await town.call()
    calls = (talking, queued, asked, greeted)
    await town.hears(greeted, town.greeting, first=1.0)
    running = centre.asterisk.running()
    assert running is not None
    running.send(signal.SIGKILL)
    await asyncio.to_thread(running.wait, 5)
    await eventually(partial(asyncio.to_thread, asterisk_answers, centre), within=20)
    back = time.monotonic()
    for call in calls:
        await eventually(partial(is_to_be_called_back, town, call), within=CALLED_BACK_WITHIN + back - time.monotonic())
        town.expect_dropped(call, broke_off)
    fresh = await town.call()
    await town.hears(fresh, town.greeting)
    await fresh.hang_up()
    for call in calls:
        await call.hang_up()


def asterisk_answers(centre: RunningCentre) -> bool:
    try:
        return "fully booted" in centre.asterisk.run_cli("core waitfullybooted")
    except AsteriskLaunchFailed:
        return False


async def is_to_be_called_back(town: Town, call: Call) -> bool:
    record = await town.record(call)
    return record is not None and record.task is not None and record.call.outcome is not None


def broke_off(record: Record) -> None:
    assert "answered" in record.kinds
    assert record.task is not None
    assert (record.task.kind, record.task.phone) == (CallbackKind.LOST, record.call.caller_number)
    assert record.recording is not None
    assert record.recording.state in KEPT


async def test_a_link_to_asterisk_that_falls_silent_is_found_and_the_caller_is_asked_again(
    town: Town, centre: RunningCentre
) -> None:
    keys = town.keys_to_answer("KB01")
    call = await town.called(keys[:-1])
    await town.hears(call, town.asks(keys[:-1]), first=None, within=12)
    begun = call.second()
    assert silence_link(centre.program(CONTROLLER), centre.instance.ports.asterisk_http)
    await call.press(keys[-1])  # nobody hears of it
    await town.hears(call, town.asks(keys[:-1]), since=begun, within=FOUND_WITHIN + 1)
    await call.press(keys[-1])
    await town.hears(call, town.answers(keys), since=begun, first=1.0)
    await call.hang_up()


async def test_a_standstill_of_asterisk_is_marked_in_the_recording(town: Town, centre: RunningCentre) -> None:
    await town.dispatcher(manners=Manners())  # rings, and nobody answers
    call = await town.called("0")
    await town.hears_music(call, within=15)
    call.stop_sending()  # what a phone sends meanwhile waits in the machine's buffers and is recorded late
    running = centre.asterisk.running()
    assert running is not None
    since = call.second() - (call.answered_after or 0.0)
    with frozen(running):
        await asyncio.sleep(STANDSTILL)
    await asyncio.sleep(2)
    await call.hang_up()
    town.expect(call, partial(has_its_gap, since=since))


def has_its_gap(record: Record, *, since: float) -> None:
    """It lacks what was not recorded, there, and the rest is at its second."""
    assert record.recording is not None
    assert len(record.recording.gaps) == 1
    (gap,) = record.recording.gaps
    assert gap["seconds"] == pytest.approx(STANDSTILL, abs=1.3)
    assert gap["at"] == pytest.approx(since, abs=1.3)
    _, told = record.channels()
    assert audio_analysis.level(told[int((gap["at"] + gap["seconds"] + 0.5) * RATE) :]) > -60


async def test_a_talk_that_asterisk_has_no_room_to_write_down_is_a_talk(town: Town, centre: RunningCentre) -> None:
    dispatcher = await town.dispatcher(manners=Manners(answer_after=3.0, tone=DISPATCHER_TONE))
    call = await town.called("0")
    await town.hears_music(call, within=15)
    running = centre.asterisk.running()
    assert running is not None
    with without_room(running):
        await town.talk(call, dispatcher)
        await call.hang_up()
        await asyncio.sleep(AFTER_THE_END)  # it writes of the end a moment later
    town.expect_dropped(call, was_answered)


def was_answered(record: Record) -> None:
    assert "answered" in record.kinds
    assert record.call.outcome is Outcome.TALKED
    assert record.task is None
    assert record.recording is not None
    assert record.recording.gaps


async def test_a_call_that_neither_asterisk_nor_a_controller_could_write_down_is_called_back(
    town: Town, centre: RunningCentre
) -> None:
    running = centre.asterisk.running()
    assert running is not None
    with frozen(centre.program(SUPERVISOR)), without_room(running):  # nobody starts a new controller
        controller = centre.kill(CONTROLLER)
        await asyncio.to_thread(controller.wait, 5)
        call = await town.call()
        await town.hears_sound(call, "callcenter/notice", within=10)
        await eventually(partial(has_record, town, call), within=20)
        await call.hang_up()
        await eventually(partial(is_to_be_called_back, town, call), within=20)
    town.expect_dropped(call, is_owed_a_call)
    await asyncio.to_thread(centre.await_controller)


async def has_record(town: Town, call: Call) -> bool:
    return await town.record(call) is not None


def is_owed_a_call(record: Record) -> None:
    assert record.task is not None
    assert (record.task.kind, record.task.phone) == (CallbackKind.LOST, record.call.caller_number)
    assert record.call.caller_number


async def test_a_recording_that_finds_no_room_waits_for_it(town: Town, centre: RunningCentre) -> None:
    centre.provoked |= NO_ROOM_LOGGED
    call = await town.call()
    await town.hears(call, town.greeting)
    with without_room(centre.program(CLERK)):
        await call.hang_up()
        await eventually(partial(is_complained_of, town), within=20)
    town.expect(call, is_filed)


async def is_complained_of(town: Town) -> bool:
    return any(
        alarm.kind in (AlarmKind.DISK, AlarmKind.RECORDING) and RAW_IS_SAFE.search(alarm.message)
        for alarm in await town.alarms()
    )


def is_filed(record: Record) -> None:
    assert record.call.outcome is Outcome.ABANDONED
    assert record.recording is not None
    assert record.recording.state is RecordingState.FILED


async def eventually(look: Callable[[], Awaitable[bool]], *, within: float) -> None:
    async with asyncio.timeout(within):
        while not await look():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.1)

"""Who is not answered is called back: a key in the queue, a message, a caller who hangs up."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from callcenter.asterisk.asterisk import ARI_USER
from callcenter.callbacks.models import CallbackKind
from callcenter.calls.models import Outcome
from callcenter.telephony.ari.client import AriClient
from callcenter.telephony.ari.phone import AriPhone
from callcenter.telephony.ari.router import Playbacks
from tests.live.records import Record
from tests.live.running_centre import RunningCentre
from tests.live.town import CALLER_TONE, DISPATCHER_TONE, Town
from tools.softphone import audio_analysis
from tools.softphone.call import Call
from tools.softphone.phone import Manners

pytestmark = [pytest.mark.live, pytest.mark.timeout(120, func_only=True)]

OFFERED_AFTER = 9.0
OTHER_PHONE = "89215550101"
EVERYTHING = "*#ABCD0987654321"


def is_called_back(record: Record, *, outcome: Outcome, kind: CallbackKind, phone: str | None = None) -> None:
    """Its task is due ten minutes after its arrival, at `phone` or the number that called."""
    assert record.call.outcome is outcome
    assert record.task is not None
    assert (record.task.kind, record.task.phone) == (kind, phone or record.call.caller_number)
    assert record.task.due_at == record.call.arrived_at + timedelta(minutes=10)


def holds_a_message(record: Record) -> None:
    assert {"voicemail", "voicemail_end"} <= set(record.kinds)
    assert [span for span in audio_analysis.find_tone(record.channels()[0], CALLER_TONE) if span.seconds > 1.5]


async def leave_a_message(town: Town) -> None:
    """Nobody is signed on. The caller speaks after the tone and ends it by a key."""
    call = await town.called("0")
    await town.hears_sound(call, "callcenter/beep", within=30, first=None)
    call.tone(CALLER_TONE)
    await asyncio.sleep(2)
    await call.press("#")
    await town.hears_sound(call, "callcenter/voicemail-taken", within=10)
    await call.ended(within=15)
    assert call.ended_by == "them"
    town.expect(call, partial(is_called_back, outcome=Outcome.VOICEMAIL, kind=CallbackKind.VOICEMAIL))
    town.expect(call, holds_a_message)


async def ask_to_be_called_back(town: Town, somebody: asyncio.Event, *, withheld: bool) -> None:
    """The key means nothing before the offer, and a call back after it."""
    call = await town.call(anonymous=withheld)
    await somebody.wait()
    await call.press("0")
    await hears_the_queue(town, call)
    await call.press("1")
    offer = await town.hears_sound(call, "callcenter/callback-offer", within=OFFERED_AFTER + 5)
    await call.press("1")
    if withheld:
        await town.hears_sound(call, "callcenter/callback-phone", since=offer.second)
        await call.press(OTHER_PHONE)
    await town.hears_sound(call, "callcenter/callback-promise", within=15, since=offer.second)
    await town.hears_sound(call, "callcenter/thanks", within=20, since=offer.second)
    await call.ended(within=8)
    assert call.ended_by == "them"
    phone = f"+7{OTHER_PHONE[1:]}" if withheld else None
    town.expect(call, partial(is_called_back, outcome=Outcome.CALLBACK, kind=CallbackKind.CALLBACK, phone=phone))


async def hears_the_queue(town: Town, call: Call) -> None:
    """Its first words: who is next is told so, all others their place."""
    hearing = [
        asyncio.create_task(town.hears_sound(call, words, within=14))
        for words in ("queue-youarenext", "queue-thereare")
    ]
    done, others = await asyncio.wait(hearing, return_when=asyncio.FIRST_COMPLETED)
    for other in others:
        other.cancel()
    done.pop().result()


async def press_everything(town: Town, begin: int) -> None:
    """Whatever was meant, the way ends at a person; here at the message, for nobody is signed on."""
    call = await town.call()
    await call.press(EVERYTHING[begin:] + EVERYTHING, seconds=0.06, pause=0.04)
    await town.hears_sound(call, "callcenter/voicemail", within=25)
    await call.hang_up()
    town.expect(call, partial(is_called_back, outcome=Outcome.ABANDONED, kind=CallbackKind.ABANDONED))


async def give_up(town: Town) -> None:
    call = await town.called("0")
    await town.hears_music(call, within=20)
    await call.hang_up()
    town.expect(call, partial(is_called_back, outcome=Outcome.ABANDONED, kind=CallbackKind.ABANDONED))


async def test_who_is_not_answered_is_called_back(town: Town) -> None:
    somebody = asyncio.Event()
    async with asyncio.TaskGroup() as callers:
        callers.create_task(leave_a_message(town))
        pressing = [callers.create_task(press_everything(town, begin)) for begin in range(3)]
        await asyncio.sleep(6)
        callers.create_task(ask_to_be_called_back(town, somebody, withheld=False))
        callers.create_task(ask_to_be_called_back(town, somebody, withheld=True))
        await asyncio.wait(pressing)  # by now all of them have found nobody signed on
        await town.dispatcher(manners=Manners())  # rings, and nobody answers
        somebody.set()
        callers.create_task(give_up(town))


async def test_who_is_queued_anew_leaves_comes_again_and_is_put_through(town: Town, centre: RunningCentre) -> None:
    """What the controller does for whoever waits since before the clock was put back."""
    phone = await town.dispatcher(manners=Manners())  # rings, and nobody answers
    call = await town.called("0")
    await town.hears_music(call, within=20)
    record = await town.record(call)
    assert record is not None
    address = f"http://127.0.0.1:{centre.instance.ports.asterisk_http}"
    password = centre.instance.secrets.ari_password
    async with AriClient(address, user=ARI_USER, password=password, application="nobody") as ari:
        await AriPhone(ari, Playbacks()).requeue_caller(record.call.id)
    await has_happened(town, call, "left_queue")
    phone.manners = Manners(answer_after=0.2, tone=DISPATCHER_TONE)
    await town.talk(call, phone, within=20)
    await call.hang_up()
    town.expect(call, was_queued_twice_and_talked)


def was_queued_twice_and_talked(record: Record) -> None:
    assert record.call.outcome is Outcome.TALKED
    assert record.task is None
    assert (record.kinds.count("left_queue"), record.kinds.count("fallback")) == (1, 0)


async def has_happened(town: Town, call: Call, kind: str) -> None:
    async with asyncio.timeout(20):
        while True:
            record = await town.record(call)
            if record is not None and kind in record.kinds:
                return
            await asyncio.sleep(0.25)

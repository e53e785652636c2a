"""A second in the file is a second of the call, whatever the caller's telephone does."""

import asyncio
from functools import partial

import pytest

from callcenter.recordings.gaps import TOLERANCE
from tests.live.records import Record
from tests.live.town import CALLER_TONE, DISPATCHER_TONE, Town
from tools.softphone import audio_analysis
from tools.softphone.g711 import RATE, Samples
from tools.softphone.rtp import FRAME, FRAME_SECONDS

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]

SILENCE = 10.0
LATER = 0.9
"""Seconds. Beyond what any buffer waits for, below what a buffer takes for a new stream."""


async def test_a_telephone_that_sends_nothing_for_ten_seconds_costs_no_second(town: Town) -> None:
    dispatcher = await town.dispatcher()
    talking = await town.called("0")
    queued, asked = await asyncio.gather(town.called("0"), town.called(town.keys_to_question))
    shaken = asyncio.create_task(call_from_a_train(town))
    calls = (talking, queued, asked)
    for call in calls:
        call.tone(CALLER_TONE)
    await asyncio.gather(
        town.talk(talking, dispatcher, within=15),
        town.hears(asked, town.asks(town.keys_to_question), first=None, within=12),
    )
    await town.hears_music(queued, within=10)
    for call in calls:
        call.stop_sending(SILENCE)
    stopped = {call: call.second() for call in calls}
    await asyncio.sleep(SILENCE + 2)
    await shaken
    for call in calls:
        await call.hang_up()
        answered = call.answered_after or 0.0
        town.expect(
            call,
            partial(keeps_the_clock, lasted=call.second() - answered, silent_since=stopped[call] - answered),
        )
    town.expect(talking, partial(holds_the_dispatcher, since=stopped[talking] - (talking.answered_after or 0.0)))


async def call_from_a_train(town: Town) -> None:
    """Its packets come late and in bursts; none is lost. That its recording has its length is what matters."""
    call = await town.call()
    for _ in range(30):
        call.hold_back(0.1)
        await asyncio.sleep(0.3)
    await call.hang_up()


async def test_a_caller_whose_line_became_slower_is_heard_and_recorded(town: Town) -> None:
    dispatcher = await town.dispatcher()
    call = await town.called("0")
    theirs = await town.talk(call, dispatcher, within=15)
    await asyncio.sleep(2)  # a jitter buffer that adapts must have learnt the quick line first
    call.fall_behind(LATER)
    since, heard_since = call.second() - (call.answered_after or 0.0), theirs.second()
    await asyncio.sleep(LATER + 4)
    assert lasting(theirs.heard[int(heard_since * RATE) :]) > 3.6
    await call.hang_up()
    town.expect(call, partial(holds_the_caller, since=since))


def lasting(heard: Samples) -> float:
    """Seconds of packets with sound in them: a lost one between two others does not count."""
    packets = heard[: len(heard) // FRAME * FRAME].reshape(-1, FRAME)
    return sum(map(audio_analysis.is_audible, packets)) * FRAME_SECONDS


def holds_the_caller(record: Record, *, since: float) -> None:
    """All of the caller but the moment of becoming slower."""
    said, _ = record.channels()
    assert lasting(said[int(since * RATE) :]) > 3.6


def keeps_the_clock(record: Record, *, lasted: float, silent_since: float) -> None:
    """The caller's tone ends and begins again at its seconds, but for what a held-up machine did not record at all."""
    said, _ = record.channels()
    missing = max(lasted - len(said) / RATE, 0.0)
    assert missing < TOLERANCE
    spans = [span for span in audio_analysis.find_tone(said, CALLER_TONE) if span.seconds > 0.3]
    within = 0.2 + missing
    assert min(abs(span.end - silent_since) for span in spans) < within, (silent_since, spans)
    assert min(abs(span.begin - silent_since - SILENCE) for span in spans) < within, (silent_since, spans)


def holds_the_dispatcher(record: Record, *, since: float) -> None:
    """The dispatcher is heard all through the caller's silence."""
    _, told = record.channels()
    meanwhile = told[int(since * RATE) : int((since + SILENCE) * RATE)]
    assert sum(span.seconds for span in audio_analysis.find_tone(meanwhile, DISPATCHER_TONE)) > SILENCE - 0.4

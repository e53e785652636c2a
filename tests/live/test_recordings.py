"""A second in the file is a second of the call, whatever the caller's telephone does."""

import asyncio

import pytest

from callcenter.softphone import ears
from tests.live.town import CALLER_TONE, DISPATCHER_TONE, Town

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]

SILENCE = 10.0
QUESTION = "21"


async def test_a_telephone_that_sends_nothing_for_ten_seconds_costs_no_second(town: Town) -> None:
    dispatcher = await town.dispatcher()
    talking = await town.called("0")
    queued, asked = await asyncio.gather(town.called("0"), town.called(QUESTION))
    calls = (talking, queued, asked)
    for call in calls:
        call.tone(CALLER_TONE)
    await town.talk(talking, dispatcher, within=15)
    await asyncio.gather(town.hears_music(queued, within=10), town.hears(asked, town.asks(QUESTION), first=None))
    for call in calls:
        call.stop_sending(SILENCE)
    stopped = {call: call.second() for call in calls}
    await asyncio.sleep(SILENCE + 2)
    for call in calls:
        await call.hang_up()
    for call in calls:
        record = await town.whole_record(call)
        said, told = record.channels()
        last_before = stopped[call] - (call.answered_after or 0.0)
        spans = [span for span in ears.find_tone(said, CALLER_TONE) if span.seconds > 0.3]
        assert min(abs(span.end - last_before) for span in spans) < 0.2, (last_before, spans)
        assert min(abs(span.begin - last_before - SILENCE) for span in spans) < 0.2, (last_before, spans)
        if call is talking:
            gap = told[int(last_before * 8000) : int((last_before + SILENCE) * 8000)]
            assert sum(span.seconds for span in ears.find_tone(gap, DISPATCHER_TONE)) > SILENCE - 0.4

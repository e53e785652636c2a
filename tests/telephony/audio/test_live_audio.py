"""A real caller's sound through a real Asterisk to us: both transports, in our application and after the hand-over."""

import asyncio
import time
from collections.abc import Callable

import numpy as np
import pytest

from callcenter.conducting.ports import ChannelGone
from callcenter.telephony.audio.taps import ChannelSide, Taps
from tests.telephony.audio.real_line import LOUD, TRANSPORTS, Line, Sound

pytestmark = pytest.mark.live

FRAME_BYTES = 320


async def hear_the_tone(line: Line, taps: Taps) -> None:
    """Opens a tap, hears the caller's tone, closes it; once more when the stream stalls, which AudioSocket's do."""
    while True:
        sound = Sound()
        tap = await taps.open(line.channel_id, ChannelSide.SPY_IN, sound.handle_recognition)
        loud = asyncio.create_task(sound.grows_loud(since=0.0))
        stalled = asyncio.create_task(tap.audio_ended.wait())
        await asyncio.wait({loud, stalled}, return_when=asyncio.FIRST_COMPLETED)
        stalled.cancel()
        await taps.close(tap)
        if loud.done():
            assert loud.result()
            assert {len(samples) for _, samples in sound.frames} == {FRAME_BYTES}
            return
        loud.cancel()


@pytest.fixture(params=TRANSPORTS)
def taps(request: pytest.FixtureRequest, line: Line) -> Taps:
    return line.taps[request.param]


async def test_thirty_streams_and_not_a_silent_one(line: Line, taps: Taps) -> None:
    """How soon the tone arrives is measured by bench/live_audio.py: a test machine has other things to do."""
    line.call.tone(1000)
    for _ in range(30):
        await hear_the_tone(line, taps)
    await line.nothing_is_left()


async def test_sound_comes_evenly_though_the_caller_s_phone_sends_nothing(line: Line) -> None:
    """By websocket: an AudioSocket stream sometimes stalls."""
    sound, taps = Sound(), line.taps["websocket"]
    tap = await taps.open(line.channel_id, ChannelSide.SPY_IN, sound.handle_recognition)
    line.call.stop_sending(1.5)
    await sound.lasts(0.2)
    assert await sound.lasts(1.0) >= 30
    await taps.close(tap)


async def test_a_tap_stays_when_the_call_leaves_us_and_ends_with_it(line: Line, taps: Taps) -> None:
    says, hears = Sound(), Sound()
    first = await taps.open(line.channel_id, ChannelSide.SPY_IN, says.handle_recognition)
    second = await taps.open(line.channel_id, ChannelSide.SPY_OUT, hears.handle_recognition)
    await line.ari.continue_in_dialplan(line.channel_id, context="message")  # waits for a key
    await says.lasts(0.5)
    assert not first.audio_ended.is_set()
    began = time.monotonic()
    line.call.tone(700)
    await says.grows_loud(since=began)
    assert all(np.abs(np.frombuffer(samples, "<i2")).max() < LOUD for _, samples in hears.frames)
    await line.call.hang_up()
    async with asyncio.timeout(10):
        await first.audio_ended.wait()
        await second.audio_ended.wait()
    await taps.close(first)
    await taps.close(second)
    await line.nothing_is_left()


async def test_a_tap_on_a_channel_that_is_gone_leaves_nothing(line: Line, taps: Taps) -> None:
    with pytest.raises(ChannelGone):
        await taps.open("nobody", ChannelSide.SPY_IN, Sound().handle_recognition)
    await line.nothing_is_left()


async def await_application(line: Line, holds: Callable[[set[str]], bool]) -> set[str]:
    """Waits until the ids of our application's channels and bridges are so; returns them."""
    async with asyncio.timeout(10):
        while True:
            application = await line.ari.read_application()
            ids = {*application.channel_ids, *application.bridge_ids}
            if holds(ids):
                return ids
            await asyncio.sleep(0.02)


async def test_what_a_dead_controller_left_is_swept_and_no_open_tap(line: Line, taps: Taps) -> None:
    sound = Sound()
    tap = await taps.open(line.channel_id, ChannelSide.SPY_IN, sound.handle_recognition)
    await line.ari.start_snoop(line.channel_id, snoop_id="tap-dead-snoop", spy="in")
    await line.ari.bridge_channels(
        "tap-dead-bridge", tap.snoop_id
    )  # takes it out of its own bridge, but the tap is still ours
    left = {"tap-dead-snoop", "tap-dead-bridge"}
    await await_application(line, lambda ids: left <= ids)  # a snoop enters it a moment after Asterisk's reply
    await taps.remove_strays()
    kept = await await_application(line, lambda ids: not left & ids)  # and what is removed is gone a moment later
    assert {tap.snoop_id, tap.media_id} <= kept
    await taps.close(tap)
    await line.nothing_is_left()

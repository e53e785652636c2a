"""Taps over a stand-in Asterisk that enters late or not at all, gives no audio, or stops giving it."""

import asyncio
from dataclasses import dataclass, field

import pytest

from callcenter.conducting.ports import ChannelGone
from callcenter.core.errors import AsteriskUnavailable
from callcenter.telephony.audio.requests import HandedOverCall, find_handed_over_calls
from callcenter.telephony.audio.taps import ATTEMPTS, TAP_ID_PREFIX, ChannelSide, Tap, Taps
from callcenter.telephony.audio.transport import AudioUnavailable
from tests.telephony.audio.stand_in_line import PACKET, StandInLine, channel_event


@dataclass
class Scene:
    line: StandInLine
    taps: Taps
    heard: list[bytes] = field(default_factory=list)

    async def open(self) -> Tap:
        return await self.taps.open("call", ChannelSide.SPY_IN, self.heard.append)


def begin(line: StandInLine) -> Scene:
    taps = Taps(line, line)
    line.deliver = taps.handle_event
    return Scene(line, taps)


async def test_a_tap_is_three_things_and_leaves_none() -> None:
    scene = begin(StandInLine())
    tap = await scene.open()
    assert scene.line.things == {tap.snoop_id, tap.media_id, tap.bridge_id}
    assert scene.heard == [PACKET]
    await scene.taps.close(tap)
    await scene.taps.close(tap)
    assert scene.line.things == set()
    assert tap.audio_ended.is_set()


async def test_a_silent_stream_is_made_anew_and_counted() -> None:
    scene = begin(StandInLine(silent=2))
    tap = await scene.open()
    assert scene.taps.silent_streams == 2
    assert scene.line.things == {tap.snoop_id, tap.media_id, tap.bridge_id}
    await scene.taps.close(tap)


async def test_a_line_that_gives_no_audio_at_all_says_so() -> None:
    scene = begin(StandInLine(silent=ATTEMPTS))
    with pytest.raises(AudioUnavailable):
        await scene.open()
    assert scene.line.things == set()
    assert scene.line.closed == ATTEMPTS


@pytest.mark.parametrize("request_name", ["media", "snoop", "join"])
@pytest.mark.parametrize("failure", [ChannelGone("the caller hung up"), AsteriskUnavailable("no reply")])
async def test_a_failure_on_the_way_leaves_nothing(request_name: str, failure: Exception) -> None:
    scene = begin(StandInLine(failure=failure, fails_at=request_name))
    with pytest.raises(type(failure)):
        await scene.open()
    assert scene.line.things == set()


async def test_a_cancelled_tap_leaves_nothing() -> None:
    scene = begin(StandInLine(enters=False))
    opening = asyncio.create_task(scene.open())
    while not scene.line.things:  # noqa: ASYNC110 - what is waited for is a request
        await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert scene.line.things == set()


async def test_the_channel_s_end_ends_its_tap_only() -> None:
    scene = begin(StandInLine())
    first, second = await scene.open(), await scene.open()
    assert scene.taps.handle_event(channel_event("StasisEnd", first.snoop_id))
    assert first.audio_ended.is_set()
    assert not second.audio_ended.is_set()
    for tap in (first, second):
        await scene.taps.close(tap)


async def test_a_broken_connection_ends_the_tap() -> None:
    scene = begin(StandInLine())
    tap = await scene.open()
    scene.line.overs[0].set()
    assert tap.audio_ended.is_set()
    await scene.taps.close(tap)


async def test_a_stream_that_stalls_ends_the_tap() -> None:
    scene = begin(StandInLine())
    tap = await scene.open()
    for _ in range(4):
        await asyncio.sleep(0.4)
        scene.line.takes[0](PACKET)
    assert not tap.audio_ended.is_set()
    async with asyncio.timeout(10):
        await tap.audio_ended.wait()
    assert scene.taps.silent_streams == 1
    await scene.taps.close(tap)


async def test_other_channels_are_other_people_s_business() -> None:
    taps = begin(StandInLine()).taps
    assert not taps.handle_event(channel_event("StasisStart", "b1-1795559676.0"))
    assert taps.handle_event(channel_event("StasisStart", f"{TAP_ID_PREFIX}of-a-dead-controller-snoop"))
    assert taps.handle_event(channel_event("StasisEnd", f"{TAP_ID_PREFIX}of-a-dead-controller-snoop"))


async def test_sweeping_spares_the_open_taps() -> None:
    scene = begin(StandInLine())
    tap = await scene.open()
    scene.line.things |= {
        f"{TAP_ID_PREFIX}x-snoop",
        f"{TAP_ID_PREFIX}x-media",
        f"{TAP_ID_PREFIX}x-bridge",
        "call",
        "another-bridge",
    }
    await scene.taps.remove_strays()
    assert scene.line.things == {tap.snoop_id, tap.media_id, tap.bridge_id, "call", "another-bridge"}
    await scene.taps.close(tap)


def test_talks_are_found_among_everything_that_asterisk_holds() -> None:
    channels = [
        {"id": id_, "name": name, "dialplan": {"context": context}}
        for id_, name, context in (
            ("robot", "PJSIP/trunk-1", "inbound"),
            ("waits", "PJSIP/trunk-2", "to-queue"),
            ("rings", "PJSIP/member1-1", "internal"),
            ("talks", "PJSIP/trunk-3", "to-queue"),
            ("member", "PJSIP/member2-1", "internal"),
            ("leaves word", "PJSIP/trunk-4", "message"),
            ("calls out", "PJSIP/member3-1", "internal"),
            ("snoop", "Snoop/talks-1", "to-queue"),
        )
    ]
    bridges = [{"id": "a", "channels": ["talks", "member"]}, {"id": "tap-1-bridge", "channels": ["snoop", "media"]}]
    assert find_handed_over_calls(channels, bridges) == (
        HandedOverCall("waits", None),
        HandedOverCall("talks", "member"),
        HandedOverCall("leaves word", None),
    )

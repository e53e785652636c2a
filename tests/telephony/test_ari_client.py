"""The client against the stand-in Asterisk: replies, refusals, the stream of events."""

import asyncio
import time
from itertools import pairwise

import pytest

from callcenter.conducting.ports import ChannelGone
from callcenter.core.errors import AsteriskUnavailable
from callcenter.telephony.ari import client as ari_client
from callcenter.telephony.ari.client import AriClient, RequestRefused
from callcenter.telephony.ari.generated import EVENT_NAMES, ChannelDtmfReceived, Event
from tests.stand_ins.ari import APPLICATION, PASSWORD, USER, StandInAsterisk, run_asterisk
from tests.stand_ins.ari_channels import Channel
from tests.stand_ins.centre import SmallCentre, run_centre
from tests.stand_ins.relay import run_relay


def client(address: str, *, password: str = PASSWORD, reply_within: float = 2.0) -> AriClient:
    return AriClient(address, user=USER, password=password, application=APPLICATION, reply_within=reply_within)


async def nothing() -> None:
    """Settles nothing."""


async def test_playback_that_ends_before_the_reply_is_not_missed(asterisk: StandInAsterisk) -> None:
    asterisk.sound_seconds = 0.01
    asterisk.reply_delay = 0.05
    async with run_centre(asterisk) as centre:
        caller = centre.call()
        await caller.hears("разговор записывается")
        await caller.hears("нажмите два")
        caller.presses("2")
        await caller.hears("Паспортный стол")
        await caller.is_in("goodbye")


async def test_arrival_reported_before_anything_was_asked_is_answered(centre: SmallCentre) -> None:
    centre.asterisk.reply_delay = 0.1
    caller = centre.call()
    caller.presses("0")
    await caller.is_in("to-queue")


async def test_a_channel_that_hung_up_or_left_is_gone(asterisk: StandInAsterisk, centre: SmallCentre) -> None:
    channel = asterisk.arrive()
    async with client(asterisk.address) as ari:
        channel.place = "to-queue"
        with pytest.raises(ChannelGone, match="409"):
            await ari.set_variable(channel.id, "CC_REASON", "просит диспетчера")
        channel.place = "hung up"
        with pytest.raises(ChannelGone, match="404"):
            await ari.continue_in_dialplan(channel.id, context="goodbye")
        with pytest.raises(ChannelGone):
            await ari.stop_playback("unheard-of")


async def test_a_wrong_password_is_a_refusal(asterisk: StandInAsterisk) -> None:
    async with client(asterisk.address, password="wrong") as ari:
        with pytest.raises(RequestRefused, match="401"):
            await ari.read_application()


async def test_no_asterisk_is_away() -> None:
    async with client("http://127.0.0.1:9") as ari:
        with pytest.raises(AsteriskUnavailable):
            await ari.read_application()


async def test_an_asterisk_that_does_not_reply_is_away(asterisk: StandInAsterisk) -> None:
    asterisk.reply_delay = 0.5
    async with client(asterisk.address, reply_within=0.1) as ari:
        with pytest.raises(AsteriskUnavailable):
            await ari.read_application()


async def test_only_the_events_in_use_are_let_through(centre: SmallCentre, asterisk: StandInAsterisk) -> None:
    assert asterisk.allowed == frozenset(EVENT_NAMES)


async def test_events_come_in_order_and_nonsense_between_them_is_passed_over(asterisk: StandInAsterisk) -> None:
    seen: list[Event] = []
    async with client(asterisk.address) as ari:
        following = asyncio.create_task(ari.stream_events(seen.append, on_connected=nothing))
        await wait_for_connection(ari)
        channel = asterisk.arrive()
        for key in "12":
            asterisk.press(channel, key)
            asterisk.emit("StasisEnd", channel={"id": "half a channel"})
        asterisk.press(channel, "3")
        async with asyncio.timeout(10):
            while len(seen) < 4:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        following.cancel()
    assert [event.digit for event in seen if isinstance(event, ChannelDtmfReceived)] == ["1", "2", "3"]


async def test_asterisk_that_comes_later_is_found(unused_tcp_port: int) -> None:
    async with client(f"http://127.0.0.1:{unused_tcp_port}") as ari:
        following = asyncio.create_task(ari.stream_events(lambda _: None, on_connected=nothing))
        await asyncio.sleep(0.5)
        assert not ari.connected
        async with run_asterisk(port=unused_tcp_port):
            await wait_for_connection(ari)
            following.cancel()


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first pause a quarter of the real one, so that a test sees several."""
    monkeypatch.setattr(ari_client, "FIRST_PAUSE", 0.05)


@pytest.mark.usefixtures("short_pauses")
async def test_attempts_grow_rarer(unused_tcp_port: int) -> None:
    attempts: list[float] = []

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        attempts.append(time.monotonic())
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", unused_tcp_port)
    async with server, client(f"http://127.0.0.1:{unused_tcp_port}") as ari:
        following = asyncio.create_task(ari.stream_events(lambda _: None, on_connected=nothing))
        await asyncio.sleep(0.6)
        following.cancel()
    pauses = [later - earlier for earlier, later in pairwise(attempts)]
    assert len(attempts) in {3, 4}, "at 0, .05, .15 and .35 seconds"
    assert pauses == sorted(pauses)


async def test_after_a_connection_that_held_the_next_attempt_comes_soon(asterisk: StandInAsterisk) -> None:
    async with client(asterisk.address) as ari:
        following = asyncio.create_task(ari.stream_events(lambda _: None, on_connected=nothing))
        for number in range(1, 6):
            async with asyncio.timeout(0.7):
                while not ari.connected or asterisk.connections < number:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            await asterisk.drop_sockets()
        following.cancel()


@pytest.mark.usefixtures("short_pauses")
async def test_attempts_that_never_settle_grow_rarer(asterisk: StandInAsterisk) -> None:
    async def refuse() -> None:
        raise RequestRefused

    async with client(asterisk.address) as ari:
        following = asyncio.create_task(ari.stream_events(lambda _: None, on_connected=refuse))
        await asyncio.sleep(0.6)
        following.cancel()
    assert asterisk.connections in {3, 4}, "at 0, .05, .15 and .35 seconds"


async def test_an_event_nobody_can_take_does_not_hold_up_the_next(asterisk: StandInAsterisk) -> None:
    seen: list[str] = []

    def take(event: Event) -> None:
        assert isinstance(event, ChannelDtmfReceived)
        if event.digit == "1":
            raise RuntimeError("the taker broke")
        seen.append(event.digit)

    async with client(asterisk.address) as ari:
        following = asyncio.create_task(ari.stream_events(take, on_connected=nothing))
        await wait_for_connection(ari)
        channel = Channel("b1-1.1", "", "PJSIP/trunk-00000001")
        for key in "12":
            asterisk.press(channel, key)
        async with asyncio.timeout(10):
            while not seen:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        following.cancel()
    assert (seen, asterisk.connections) == (["2"], 1)


async def test_a_failure_to_settle_opens_the_socket_anew(asterisk: StandInAsterisk) -> None:
    tries: list[int] = []

    async def fail_once() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise AsteriskUnavailable

    async with client(asterisk.address) as ari:
        following = asyncio.create_task(ari.stream_events(lambda _: None, on_connected=fail_once))
        async with asyncio.timeout(10):
            while len(tries) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert asterisk.connections == 2
        following.cancel()


@pytest.mark.usefixtures("short_pauses")
async def test_two_controllers_do_not_take_the_calls_from_each_other_without_end(asterisk: StandInAsterisk) -> None:
    async with client(asterisk.address) as first, client(asterisk.address) as second:
        following = [
            asyncio.create_task(ari.stream_events(lambda _: None, on_connected=nothing)) for ari in (first, second)
        ]
        await asyncio.sleep(0.6)
        assert asterisk.connections == 2
        for task in following:
            task.cancel()


async def test_a_cut_cable_is_mended_by_itself(asterisk: StandInAsterisk) -> None:
    async with run_relay(asterisk.port) as cable, client(f"http://127.0.0.1:{cable.port}") as ari:
        following = asyncio.create_task(ari.stream_events(lambda _: None, on_connected=nothing))
        await wait_for_connection(ari)
        cable.cut()
        async with asyncio.timeout(10):
            while ari.connected:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        cable.mend()
        await wait_for_connection(ari)
        following.cancel()


async def wait_for_connection(ari: AriClient) -> None:
    async with asyncio.timeout(10):
        while not ari.connected:  # noqa: ASYNC110
            await asyncio.sleep(0.005)

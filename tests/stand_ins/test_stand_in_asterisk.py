"""The stand-in Asterisk itself: what the tests rely on. `tests/live` shows that the real one does the same."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.stand_ins.ari import APPLICATION, PASSWORD, RENEWAL, USER, StandInAsterisk, _basic, run_asterisk


@asynccontextmanager
async def visit() -> AsyncIterator[tuple[StandInAsterisk, httpx.AsyncClient, ClientConnection]]:
    async with run_asterisk() as asterisk:
        events = f"ws://127.0.0.1:{asterisk.port}/ari/events?app={APPLICATION}"
        async with (
            httpx.AsyncClient(base_url=f"{asterisk.address}/ari", auth=(USER, PASSWORD), trust_env=False) as http,
            connect(events, additional_headers={"Authorization": _basic()}, proxy=None) as socket,
        ):
            while asterisk.connections == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            yield asterisk, http, socket


async def receive(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(10):
        message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def test_a_strangers_socket_is_refused() -> None:
    async with run_asterisk() as asterisk:
        with pytest.raises(InvalidStatus):
            await connect(f"ws://127.0.0.1:{asterisk.port}/ari/events?app={APPLICATION}", proxy=None)


async def test_a_sound_takes_its_time_and_a_second_waits_for_it() -> None:
    async with visit() as (asterisk, http, socket):
        channel = asterisk.arrive()
        for name in ("a", "b"):
            await http.post(f"/channels/{channel.id}/play/{name}", params={"media": f"sound:{name}"})
        kinds = [await receive(socket) for _ in range(5)]
        assert [(event["type"], event.get("playback", {}).get("id")) for event in kinds] == [
            ("StasisStart", None),
            ("PlaybackStarted", "a"),
            ("PlaybackFinished", "a"),
            ("PlaybackStarted", "b"),
            ("PlaybackFinished", "b"),
        ]


async def test_continue_waits_for_the_sound_and_leaves_a_channel_that_refuses() -> None:
    async with visit() as (asterisk, http, _):
        channel = asterisk.arrive()
        asterisk.sound_seconds = 0.2
        await http.post(f"/channels/{channel.id}/play/a", params={"media": "sound:a"})
        reply = await http.post(f"/channels/{channel.id}/continue", params={"context": "goodbye"})
        assert (reply.status_code, channel.place) == (204, "application")
        await asyncio.sleep(0.3)
        assert channel.place == "goodbye"
        assert (await http.post(f"/channels/{channel.id}/silence")).status_code == 409
        assert (await http.delete(f"/channels/{channel.id}")).status_code == 204
        assert channel.deleted
        assert (await http.get(f"/channels/{channel.id}")).status_code == 404


async def test_a_lease_runs_out_unless_it_is_renewed() -> None:
    async with visit() as (asterisk, http, _):
        asterisk.lease_seconds = 0.4
        lost, kept = asterisk.arrive(), asterisk.arrive()
        await asyncio.sleep(0.2)
        asterisk.sound_seconds = 1.0  # a renewal does not wait for a playback
        await http.post(f"/channels/{kept.id}/play/a", params={"media": "sound:a"})
        await http.get(f"/channels/{kept.id}/variable", params={"variable": RENEWAL})
        await asyncio.sleep(0.3)
        assert (lost.place, kept.place) == ("lease ended", "application")


async def test_a_late_reply_comes_after_the_event() -> None:
    async with visit() as (asterisk, http, socket):
        channel = asterisk.arrive()
        asterisk.sound_seconds, asterisk.reply_delay = 0.01, 0.2
        asking = asyncio.create_task(http.post(f"/channels/{channel.id}/play/a", params={"media": "sound:a"}))
        events = [(await receive(socket))["type"] for _ in range(3)]
        assert events[-1] == "PlaybackFinished"
        assert not asking.done()
        await asking


async def test_what_nobody_sends_is_counted() -> None:
    async with visit() as (asterisk, http, _):
        channel = asterisk.arrive()
        await asyncio.sleep(0.1)
        await http.post(f"/channels/{channel.id}/silence")
        counted = channel.unsent_seconds
        assert counted >= 0.1
        await asyncio.sleep(0.1)
        assert channel.unsent_seconds == counted


async def test_a_filter_and_a_hangup() -> None:
    async with visit() as (asterisk, http, socket):
        await http.put(f"/applications/{APPLICATION}/eventFilter", json={"allowed": [{"type": "StasisEnd"}]})
        channel = asterisk.arrive()
        asterisk.hang_up(channel)
        assert (await receive(socket))["type"] == "StasisEnd"


async def test_the_newer_socket_wins() -> None:
    async with visit() as (asterisk, _, socket):
        events = f"ws://127.0.0.1:{asterisk.port}/ari/events?app={APPLICATION}"
        async with connect(events, additional_headers={"Authorization": _basic()}, proxy=None) as newer:
            assert (await receive(socket))["type"] == "ApplicationReplaced"
            asterisk.arrive()
            assert (await receive(newer))["type"] == "StasisStart"


async def test_a_variable_waits_for_the_sound_and_a_renewal_gives_nothing_once_the_channel_has_left() -> None:
    async with visit() as (asterisk, http, _):
        channel = asterisk.arrive()
        asterisk.sound_seconds = 0.2
        await http.post(f"/channels/{channel.id}/play/a", params={"media": "sound:a"})
        await http.post(f"/channels/{channel.id}/variable", params={"variable": "CC_NOTICE", "value": "1"})
        assert not channel.queued, "the reply came before the sound had ended"
        renewal = f"/channels/{channel.id}/variable"
        assert (await http.get(renewal, params={"variable": RENEWAL})).json() == {"value": "6"}
        await http.post(f"/channels/{channel.id}/continue", params={"context": "to-queue"})
        await asyncio.sleep(0.05)
        assert (await http.get(renewal, params={"variable": RENEWAL})).json() == {"value": "0"}


async def test_one_reply_can_be_late_though_the_request_is_carried_out() -> None:
    async with visit() as (asterisk, http, _):
        channel = asterisk.arrive()
        asterisk.late_once["silence"] = 0.2
        asking = asyncio.create_task(http.post(f"/channels/{channel.id}/silence"))
        await asyncio.sleep(0.1)
        assert channel.silence
        assert not asking.done()
        await asking
        await asyncio.wait_for(http.post(f"/channels/{channel.id}/silence"), 0.1)

"""A stand-in Asterisk: as much of ARI as the controller uses, over a real socket.

It keeps what the tests need of Asterisk's behaviour, learnt from Asterisk 22.10: a playback takes its time and ends
with an event; a second one waits for the first, and so does a variable that is set, but not a lease that is renewed;
`continue` waits for the playback; an action on a channel that has left the application is refused with 409, on one that
hung up with 404; a lease that runs out takes the channel back; `DELETE` hangs up wherever the channel is by now.
Replies can be made late (`reply_delay`, `late_once`), so that events overtake them, and the socket can be dropped.
"""

import asyncio
import base64
import contextlib
import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.stand_ins.ari_channels import Channel, Playback

USER, PASSWORD, APPLICATION = "callcenter", "secret", "callcenter"
RENEWAL = "EVAL(${SET(TIMEOUT(absolute)=${CC_LEASE})})"
END_OF_WAIT = "EVAL(${SET(TIMEOUT(absolute)=0.01)})"
TIMESTAMP = "2026-11-24T09:00:00.000+0300"


class StandInAsterisk:
    """Made by `run_asterisk`. Sounds last `sound_seconds`, those in `sound_lengths` as long as it says."""

    def __init__(self, *, boot: str = "b1") -> None:
        self.channels: dict[str, Channel] = {}
        self.playbacks: dict[str, Playback] = {}
        self.bridges: set[str] = set()
        self.removed_bridges: list[str] = []
        self.requests: list[str] = []
        self.allowed: frozenset[str] | None = None
        self.connections = 0
        self.sound_seconds = 0.05
        self.sound_lengths: dict[str, float] = {}
        self.broken_sounds: set[str] = set()
        self.reply_delay = 0.0
        self.late_once: dict[str, float] = {}
        """Word in a path -> seconds by which the reply to the next such request is late; it is carried out at once."""
        self.lease_seconds = 6.0
        self._numbers = itertools.count(1)
        self._boot = boot
        self._outboxes: dict[WebSocket, asyncio.Queue[dict[str, Any]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._known_application = False
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # What a test does

    def arrive(self, number: str = "79001112233", *, dialled: str = "78125550192", name: str = "") -> Channel:
        """A call comes into the application; reported unless nobody is connected."""
        channel_id = f"{self._boot}-1764000000.{next(self._numbers)}"
        channel = Channel(channel_id, number, name or f"PJSIP/trunk-{next(self._numbers):08x}")
        self.channels[channel_id] = channel
        channel.note_sending()
        self._renew(channel, self.lease_seconds)
        self.emit("StasisStart", args=["inbound", dialled], channel=channel.model)
        return channel

    def press(self, channel: Channel, key: str) -> None:
        self.emit("ChannelDtmfReceived", digit=key, duration_ms=100, channel=channel.model)

    def hang_up(self, channel: Channel) -> None:
        """The caller hangs up: the request is seen first, then the broken playback, then the end."""
        if channel.place == "application":
            self.emit("ChannelHangupRequest", cause=16, channel=channel.model)
            self._leave(channel, "hung up", state="failed")
        channel.place = "hung up"

    async def drop_sockets(self) -> None:
        """The connection of events breaks; the calls stay."""
        for connected in list(self._outboxes):
            with contextlib.suppress(RuntimeError):  # it had just closed by itself
                await connected.close(code=1011)

    def emit(self, kind: str, **fields: Any) -> None:
        message = {"type": kind, "application": APPLICATION, "timestamp": TIMESTAMP, **fields}
        if self.allowed is not None and kind not in self.allowed:
            return
        for outbox in self._outboxes.values():
            outbox.put_nowait(message)

    # Requests

    async def answer(self, request: Request) -> Response:
        self.requests.append(f"{request.method} {request.url.path}")
        if request.headers.get("authorization") != _basic():
            return _refusal(401, "Authentication required")
        reply = await self._carry_out(request.method, request.url.path.removeprefix("/ari/").split("/"), request)
        late = [self.late_once.pop(word) for word in request.url.path.split("/") if word in self.late_once]
        if delay := sum(late, self.reply_delay):
            await asyncio.sleep(delay)
        return reply

    async def _carry_out(self, method: str, path: list[str], request: Request) -> Response:
        match method, path:
            case "GET", ["applications", _] if self._known_application:
                return JSONResponse(self._application())
            case "PUT", ["applications", _, "eventFilter"] if self._known_application:
                self.allowed = frozenset(item["type"] for item in (await request.json())["allowed"])
                return JSONResponse(self._application())
            case "DELETE", ["bridges", bridge] if bridge in self.bridges:
                self.bridges.discard(bridge)
                self.removed_bridges.append(bridge)
                return Response(status_code=204)
            case "DELETE", ["playbacks", playback_id] if playback_id in self.playbacks:
                self.playbacks[playback_id].stopped.set()
                return Response(status_code=204)
            case _, ["channels", channel_id, *rest] if channel_id in self.channels:
                channel = self.channels[channel_id]
                if (method, rest) == ("POST", ["variable"]):
                    await self._until_quiet(channel)
                if channel.place != "hung up":
                    return self._act(channel, method, rest, request)
        return _refusal(404, "Not found")

    def _act(self, channel: Channel, method: str, rest: list[str], request: Request) -> Response:
        asked = request.query_params
        match method, rest:
            case "GET", []:
                return JSONResponse(channel.model)
            case "GET", ["variable"] if asked["variable"] in (RENEWAL, END_OF_WAIT):
                return JSONResponse({"value": self._evaluate(channel, asked["variable"])})
            case "DELETE", []:
                channel.deleted = True
                self.hang_up(channel)
            case _ if channel.place != "application":
                return _refusal(409, "Channel not in Stasis application")
            case "POST", ["play", playback_id]:
                return self._play(channel, playback_id, asked["media"])
            case "POST", ["silence"]:
                channel.silence = True
                channel.note_sending()
            case "POST", ["variable"]:
                channel.variables[asked["variable"]] = asked["value"]
            case "POST", ["continue"]:
                self._spawn(self._continue(channel, asked["context"]))
            case _:
                return _refusal(404, "Not found")
        return Response(status_code=204)

    def _application(self) -> dict[str, Any]:
        return {
            "name": APPLICATION,
            "channel_ids": [channel.id for channel in self.channels.values() if channel.place == "application"],
            "bridge_ids": sorted(self.bridges),
            "endpoint_ids": [],
            "device_names": [],
            "events_allowed": [],
            "events_disallowed": [],
        }

    # What goes on by itself

    def _play(self, channel: Channel, playback_id: str, media: str) -> Response:
        playback = Playback(playback_id, media, channel, self.sound_lengths.get(media, self.sound_seconds))
        self.playbacks[playback_id] = playback
        channel.played.append(playback)
        channel.queued.append(playback)
        channel.silence = False
        channel.note_sending()
        if len(channel.queued) == 1:
            self._spawn(self._sound(channel))
        channel.changed.set()
        return JSONResponse(playback.model, status_code=201)

    async def _sound(self, channel: Channel) -> None:
        while channel.queued:
            playback = channel.queued[0]
            playback.state = "playing"
            self.emit("PlaybackStarted", playback=playback.model)
            broken = playback.media in self.broken_sounds
            if not broken:
                try:
                    async with asyncio.timeout(playback.seconds):
                        await playback.stopped.wait()
                except TimeoutError:
                    pass
            if playback not in channel.queued:
                return  # the channel left meanwhile
            self._end(playback, "failed" if broken else "done")

    def _end(self, playback: Playback, state: str) -> None:
        playback.state = state
        playback.channel.queued.remove(playback)
        del self.playbacks[playback.id]
        self.emit("PlaybackFinished", playback=playback.model)
        playback.channel.note_sending()
        playback.channel.changed.set()

    async def _continue(self, channel: Channel, context: str) -> None:
        await self._until_quiet(channel)
        if channel.place == "application":
            self._leave(channel, context, state="done")

    async def _until_quiet(self, channel: Channel) -> None:
        while channel.queued:
            channel.changed.clear()
            await channel.changed.wait()

    def _leave(self, channel: Channel, place: str, *, state: str) -> None:
        for playback in list(channel.queued):
            self._end(playback, state)
            playback.stopped.set()
        channel.place = place
        channel.note_sending()
        if channel.lease is not None:
            channel.lease.cancel()
        self.emit("StasisEnd", channel=channel.model)
        channel.changed.set()

    def _renew(self, channel: Channel, seconds: float) -> None:
        if channel.lease is not None:
            channel.lease.cancel()
        if seconds:
            loop = asyncio.get_running_loop()
            channel.lease = loop.call_later(seconds, lambda: self._end_lease(channel))

    def _evaluate(self, channel: Channel, expression: str) -> str:
        if expression == RENEWAL:
            return self._renew_if_ours(channel)
        channel.waits_ended += 1
        return "0.01"

    def _renew_if_ours(self, channel: Channel) -> str:
        """The dialplan's CC_LEASE: its length while the channel is ours, 0 afterwards."""
        if channel.place != "application":
            return "0"
        channel.renewals += 1
        self._renew(channel, self.lease_seconds)
        return f"{self.lease_seconds:g}"

    def _end_lease(self, channel: Channel) -> None:
        if channel.place == "application":
            self._leave(channel, "lease ended", state="failed")

    async def follow(self, connection: WebSocket) -> None:
        if connection.headers.get("authorization") != _basic() or connection.query_params.get("app") != APPLICATION:
            await connection.close(code=1008)
            return
        await connection.accept()
        for earlier in list(self._outboxes.values()):  # the newer socket wins
            earlier.put_nowait({"type": "ApplicationReplaced", "application": APPLICATION, "timestamp": TIMESTAMP})
            earlier.put_nowait({})
        outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._outboxes[connection] = outbox
        self._known_application = True
        self.connections += 1
        writing = asyncio.create_task(self._write(connection, outbox))
        try:
            while True:
                await connection.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._outboxes.pop(connection, None)
            writing.cancel()

    async def _write(self, connection: WebSocket, outbox: "asyncio.Queue[dict[str, Any]]") -> None:
        """Sends what comes, in order; an empty message ends it."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # they had just gone
            while message := await outbox.get():
                await connection.send_json(message)
            self._outboxes.pop(connection, None)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for channel in self.channels.values():
            if channel.lease is not None:
                channel.lease.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _basic() -> str:
    return "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def _refusal(code: int, message: str) -> Response:
    return JSONResponse({"message": message}, status_code=code)


@asynccontextmanager
async def run_asterisk(asterisk: StandInAsterisk | None = None, *, port: int = 0) -> AsyncIterator[StandInAsterisk]:
    """The stand-in, listening on loopback."""
    asterisk = asterisk or StandInAsterisk()
    application = Starlette(
        routes=[
            WebSocketRoute("/ari/events", asterisk.follow),
            Route("/ari/{path:path}", asterisk.answer, methods=["GET", "POST", "PUT", "DELETE"]),
        ]
    )
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            log_level="critical",
            lifespan="off",
            ws="websockets-sansio",
            timeout_graceful_shutdown=1,
        )
    )
    listening = socket.create_server(("127.0.0.1", port))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        asterisk.port = listening.getsockname()[1]
        yield asterisk
    finally:
        await asterisk.drop_sockets()
        await asterisk.close()
        server.should_exit = True
        await serving

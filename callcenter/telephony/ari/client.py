"""The ARI client: requests to Asterisk over HTTP, and the stream of events over a websocket.

A failed request raises ChannelGone, AsteriskUnavailable or RequestRefused.
Why no ready-made library is used: docs/decisions/0003-own-ari-client.md.
"""

import asyncio
import base64
import itertools
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self
from urllib.parse import quote

import structlog
import websockets
from websockets.asyncio.client import ClientConnection, connect

from callcenter.conducting.ports import ChannelGone
from callcenter.core.errors import AsteriskUnavailable, CallcenterError
from callcenter.journal.tape import NO_TAPE, Tape, TapeSource
from callcenter.telephony.ari.generated import (
    EVENT_NAMES,
    Application,
    ApplicationReplaced,
    Channel,
    Event,
    parse_event,
)
from callcenter.telephony.ari.transport import AriTransport, HttpAriTransport, Reply

log = structlog.get_logger()

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 1.0
"""Bounds in seconds of the pause between connection attempts; the pause doubles after each attempt. Both are short:
Asterisk runs on this machine, so an attempt at a closed port costs nothing, and callers wait meanwhile."""
TAKEOVER_PAUSE_SECONDS = 5.0
"""Seconds before reconnecting after another controller took the application over."""
PING_EVERY = 2.0
"""Seconds between websocket pings."""
PONG_TIMEOUT_SECONDS = 3.0
"""Seconds to wait for a pong. Together with PING_EVERY, a websocket that fell silent without closing is detected within
5 seconds, before the default lease of 6 seconds (`telephony.lease_seconds`) ends."""

_GONE_STATUSES = frozenset({404, 409, 422})
"""404: no such channel or playback. 409: the channel has left our application. 422: it has not entered it yet."""


class RequestRefused(CallcenterError):
    """Asterisk rejected the request (another 4xx status): the request or the configuration is wrong."""


class AriClient:
    """A client of one Stasis application on one Asterisk.

    `address` is `http://host:port`. The constructor opens no connection and raises nothing. Use the client as an
    asynchronous context manager, or call `close()`.
    """

    def __init__(
        self,
        address: str,
        *,
        user: str,
        password: str,
        application: str,
        reply_within: float = 2.0,
        tape: Tape = NO_TAPE,
        wire: AriTransport | None = None,
    ) -> None:
        """`reply_within`: time limit of a request, in seconds; unused when `wire` is given.

        `wire` replaces the HTTP transport (a replay uses this). `tape` records events, requests and replies.
        """
        self._tape = tape
        self._numbers = itertools.count(1)
        self.connected = False
        """True while events arrive: the websocket is open and the event filter is set."""
        self._prepared = self._replaced = False  # state of the current websocket
        self._application = application
        self._socket_address = address.replace("http", "ws", 1) + f"/ari/events?app={quote(application)}"
        self._credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._wire = wire or HttpAriTransport(address, user=user, password=password, reply_within=reply_within)

    async def close(self) -> None:
        await self._wire.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def read_application(self) -> Application:
        """The channels and bridges that are in our application now.

        Raises ChannelGone while the application has no open websocket.
        """
        return Application.read(await self._request("GET", f"/applications/{quote(self._application)}"))

    async def set_event_filter(self, names: tuple[str, ...] = EVENT_NAMES) -> None:
        """Tells Asterisk to send only these event types."""
        body = {"allowed": [{"type": name} for name in names]}
        await self._request("PUT", f"/applications/{quote(self._application)}/eventFilter", body=body)

    async def read_channel(self, channel_id: str) -> Channel:
        return Channel.read(await self._request("GET", f"/channels/{quote(channel_id)}"))

    async def play(self, channel_id: str, media: str, *, playback_id: str) -> None:
        """Queues `media` (`sound:…`) on the channel. `PlaybackFinished` may arrive before this method returns."""
        await self._request(
            "POST", f"/channels/{quote(channel_id)}/play/{quote(playback_id)}", parameters={"media": media}
        )

    async def stop_playback(self, playback_id: str) -> None:
        await self._request("DELETE", f"/playbacks/{quote(playback_id)}")

    async def start_silence(self, channel_id: str) -> None:
        """Starts sending silence. A playback ends the silence; call this again after it."""
        await self._request("POST", f"/channels/{quote(channel_id)}/silence")

    async def set_variable(self, channel_id: str, name: str, value: str) -> None:
        await self._request(
            "POST", f"/channels/{quote(channel_id)}/variable", parameters={"variable": name, "value": value}
        )

    async def evaluate(self, channel_id: str, expression: str) -> str:
        """The value of a dialplan expression on this channel.

        Asterisk evaluates it at once, also during a playback and also when the channel is outside our application.
        """
        reply = await self._request(
            "GET", f"/channels/{quote(channel_id)}/variable", parameters={"variable": f"EVAL({expression})"}
        )
        return str(reply["value"])

    async def continue_in_dialplan(self, channel_id: str, *, context: str) -> None:
        await self._request(
            "POST",
            f"/channels/{quote(channel_id)}/continue",
            parameters={"context": context, "extension": "s", "priority": "1"},
        )

    async def remove_channel(self, channel_id: str) -> None:
        """Hangs the channel up. Only for channels we created (snoop, media), never for a caller's channel: see
        `conducting.ports.Phone.continue_at`."""
        await self._request("DELETE", f"/channels/{quote(channel_id)}")

    async def remove_bridge(self, bridge_id: str) -> None:
        await self._request("DELETE", f"/bridges/{quote(bridge_id)}")

    async def stream_events(
        self, on_event: Callable[[Event], None], *, on_connected: Callable[[], Awaitable[None]]
    ) -> None:
        """Passes every event to `on_event` until cancelled. Reconnects with a growing pause.

        After every connect, once the event filter is set, `on_connected` runs concurrently with the events. If
        `on_connected` fails, the failure is logged and the websocket is reopened. If `on_event` fails, the failure is
        logged and the event is skipped.
        """
        pause = FIRST_PAUSE
        while True:
            self._prepared = self._replaced = False
            try:
                async with self._open() as socket:
                    log.info("connected to ARI")
                    await self._read(socket, on_event, on_connected)
                log.warning("the ARI socket closed", code=socket.close_code)
            except (OSError, TimeoutError, websockets.WebSocketException) as error:
                log.warning("no ARI connection", error=str(error) or type(error).__name__)
            if self._prepared:
                pause = FIRST_PAUSE
            if self._replaced:
                pause = (
                    TAKEOVER_PAUSE_SECONDS  # otherwise two controllers would take the application in turns, endlessly
                )
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _open(self) -> connect:
        return connect(
            self._socket_address,
            additional_headers={"Authorization": f"Basic {self._credentials}"},
            ping_interval=PING_EVERY,
            ping_timeout=PONG_TIMEOUT_SECONDS,
            open_timeout=PONG_TIMEOUT_SECONDS,
            close_timeout=0.5,
            compression=None,
            proxy=None,
            max_queue=None,  # with a full queue the library stops reading, and pongs with it
        )

    async def _read(
        self, socket: ClientConnection, take: Callable[[Event], None], connected: Callable[[], Awaitable[None]]
    ) -> None:
        """Reads until the websocket closes. Raises ConnectionClosedError unless it was closed cleanly."""
        settling = asyncio.create_task(self._prepare_application(connected), name="ari settling")
        settling.add_done_callback(lambda task: _close_on_failure(task, socket))
        try:
            async for message in socket:
                self._tape.record_line(TapeSource.EVENT, message)
                event = _parse(message)
                if isinstance(event, ApplicationReplaced):
                    self._replaced = True
                    log.error("another controller took over our application")
                elif event is not None:
                    _dispatch(event, take)
        finally:
            self.connected = False
            settling.cancel()
            await asyncio.gather(settling, return_exceptions=True)

    async def _prepare_application(self, connected: Callable[[], Awaitable[None]]) -> None:
        await self.set_event_filter()
        self.connected = True
        await connected()
        self._prepared = True

    async def _request(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """The JSON of the reply; None when the reply is empty.

        Raises ChannelGone (404, 409, 422), AsteriskUnavailable (no reply, or 5xx), RequestRefused (another 4xx).
        """
        number = next(self._numbers)
        asked = {"n": number, "method": method, "path": path, "parameters": parameters or {}}
        self._tape.record_line(TapeSource.REQUEST, asked)
        try:
            reply = await self._wire.send_request(method, path, parameters=parameters, body=body)
        except OSError as error:
            self._tape.record_line(TapeSource.REPLY, {"n": number, "failure": f"{type(error).__name__}: {error}"})
            raise AsteriskUnavailable(f"{method} {path}: {error or type(error).__name__}") from error
        self._tape.record_line(TapeSource.REPLY, {"n": number, "status": reply.status, "body": reply.text})
        if reply.status in _GONE_STATUSES:
            raise ChannelGone(f"{method} {path}: {reply.status} {_reason(reply)}")
        if reply.status >= 500:
            raise AsteriskUnavailable(f"{method} {path}: {reply.status} {_reason(reply)}")
        if reply.status >= 400:
            raise RequestRefused(f"{method} {path}: {reply.status} {_reason(reply)}")
        return reply.json() if reply.text else None


def _close_on_failure(task: asyncio.Task[None], socket: ClientConnection) -> None:
    """Aborts the websocket when the preparation failed, so that `stream_events` connects and prepares again."""
    if task.cancelled() or task.exception() is None:
        return
    log.warning("could not settle with Asterisk", error=repr(task.exception()))
    socket.transport.abort()


def _dispatch(event: Event, take: Callable[[Event], None]) -> None:
    """Logs a failure of `take`: one unexpected event must not end the stream for all calls."""
    try:
        take(event)
    except Exception:
        log.exception("an ARI event could not be taken", kind=type(event).__name__)


def _parse(message: str | bytes) -> Event | None:
    try:
        return parse_event(json.loads(message))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("an ARI event could not be read", error=repr(error))
        return None


def _reason(reply: Reply) -> str:
    try:
        return str(reply.json().get("message", ""))
    except (ValueError, AttributeError):
        return reply.text[:200]

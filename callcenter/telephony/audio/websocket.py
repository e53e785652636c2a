"""A media transport over chan_websocket: Asterisk creates the channel, and we read from its web server.

JSON control messages (`f(json)`) need Asterisk 22.8. Control messages are only logged: we send no audio, and the end of
the media also closes the websocket.
"""

import asyncio
import base64
import contextlib
from urllib.parse import quote

import structlog
import websockets
from websockets.asyncio.client import ClientConnection, connect

from callcenter.conducting.ports import ChannelGone
from callcenter.core.errors import AsteriskUnavailable
from callcenter.telephony.ari.client import RequestRefused
from callcenter.telephony.audio.transport import FORMAT, AudioUnavailable, MediaRequests, TakeAudio

log = structlog.get_logger()

CONNECT_SECONDS = 2.0
"""Time limit in seconds for opening the websocket."""
_MAX_QUEUED_PACKETS = 256
"""Unread packets kept while the event loop is busy: about five seconds of 20 ms packets."""


class WebsocketTransport:
    """Implements Transport. `address` is Asterisk's web server, `http://host:port`; the account is that of ARI."""

    def __init__(self, ari: MediaRequests, *, address: str, user: str, password: str) -> None:
        self._ari = ari
        self._address = address.replace("http", "ws", 1)
        self._credentials = base64.b64encode(f"{user}:{password}".encode()).decode()

    async def open(self, media_id: str, on_audio: TakeAudio, *, audio_ended: asyncio.Event) -> "WebsocketStream":
        """See Transport."""
        await self._ari.start_media(
            media_id,
            transport="websocket",
            encapsulation="none",
            connection_type="server",
            format=FORMAT,
            transport_data="f(json)",
        )
        try:
            connection_id = await self._ari.evaluate(media_id, "${MEDIA_WEBSOCKET_CONNECTION_ID}")
            socket = await self._connect(connection_id)
        except BaseException:
            with contextlib.suppress(ChannelGone, AsteriskUnavailable, RequestRefused):
                await self._ari.remove_channel(media_id)
            raise
        return WebsocketStream(socket, on_audio, audio_ended)

    async def _connect(self, connection_id: str) -> ClientConnection:
        try:
            return await connect(
                f"{self._address}/media/{quote(connection_id)}",
                additional_headers={"Authorization": f"Basic {self._credentials}"},
                subprotocols=[websockets.Subprotocol("media")],
                open_timeout=CONNECT_SECONDS,
                close_timeout=0.5,
                ping_interval=None,  # the steady audio shows that the connection works; see `taps.STALL_SECONDS`
                compression=None,
                proxy=None,
                max_queue=_MAX_QUEUED_PACKETS,
            )
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            raise AudioUnavailable(f"the media socket does not open: {error or type(error).__name__}") from error


class WebsocketStream:
    """Implements MediaStream."""

    def __init__(self, socket: ClientConnection, take: TakeAudio, over: asyncio.Event) -> None:
        self._socket = socket
        self._take = take
        self._over = over
        self._reading = asyncio.create_task(self._read(), name="media websocket")

    async def close(self) -> None:
        await self._socket.close()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                if isinstance(message, bytes):
                    self._take(message)
                else:
                    log.debug("media control", message=message)
        except websockets.WebSocketException as error:
            log.debug("a media socket broke", why=str(error))
        finally:
            self._over.set()

"""A media transport over AudioSocket: Asterisk connects to our TCP port and sends the UUID of the stream first.

A frame is a kind byte, a big-endian 16-bit length and the content (res_audiosocket.c). Kinds: 0x00 hang-up, 0x01 UUID
of the stream, 0x03 DTMF digit, 0x10 signed linear audio at 8 kHz, 0xff error. chan_audiosocket must be loaded.

About one stream in forty falls silent when we never send anything (measured). The cause is asterisk/asterisk #2089,
open in 22 and 23: when the channel wakes for a reason other than data, Asterisk's reader blocks until data arrives, and
sends no audio meanwhile. So after three packets without audio we send one packet of silence, which unblocks the reader;
the delayed audio then arrives at once.
"""

import asyncio
import contextlib
import uuid

import structlog

from callcenter.conducting.ports import ChannelGone
from callcenter.core.errors import AsteriskUnavailable
from callcenter.telephony.ari.client import RequestRefused
from callcenter.telephony.audio.transport import FORMAT, AudioUnavailable, MediaRequests, TakeAudio

log = structlog.get_logger()

CONNECT_SECONDS = 2.0
"""Seconds for Asterisk to connect and to send the UUID frame."""
KEEPALIVE_SECONDS = 0.06
"""Seconds between checks for received audio, i.e. three packets of 20 ms."""
_HEADER_BYTES = 3
_HANG_UP, _UUID, _AUDIO, _ERROR = 0x00, 0x01, 0x10, 0xFF
_PACKET_BYTES = 320
_SILENCE_FRAME = bytes([_AUDIO]) + _PACKET_BYTES.to_bytes(2) + bytes(_PACKET_BYTES)


class AudioSocketTransport:
    """Implements Transport. An asynchronous context manager that listens on a free port of `host`."""

    def __init__(self, ari: MediaRequests, *, host: str = "127.0.0.1") -> None:
        self._ari = ari
        self._host = host
        self._server: asyncio.Server | None = None
        self._expected: dict[bytes, asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = {}

    async def __aenter__(self) -> "AudioSocketTransport":
        self._server = await asyncio.start_server(self._accept_connection, self._host, 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()

    async def open(self, media_id: str, on_audio: TakeAudio, *, audio_ended: asyncio.Event) -> "AudioSocketStream":
        """See Transport."""
        if self._server is None:
            raise AudioUnavailable("the AudioSocket port is not open")
        host, port = self._server.sockets[0].getsockname()[:2]
        name = uuid.uuid4()
        arrival = self._expected[name.bytes] = asyncio.get_running_loop().create_future()
        try:
            await self._ari.start_media(
                media_id,
                transport="tcp",
                encapsulation="audiosocket",
                connection_type="client",
                format=FORMAT,
                external_host=f"{host}:{port}",
                data=str(name),
            )
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await arrival
        except BaseException as error:
            self._expected.pop(name.bytes, None)
            with contextlib.suppress(ChannelGone, AsteriskUnavailable, RequestRefused):
                await self._ari.remove_channel(media_id)
            if isinstance(error, TimeoutError):
                raise AudioUnavailable("Asterisk does not connect to the AudioSocket port") from error
            raise
        return AudioSocketStream(reader, writer, on_audio, audio_ended)

    async def _accept_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                kind, name = await _read_frame(reader)
        except (TimeoutError, OSError, EOFError):
            kind, name = _ERROR, b""
        arrival = self._expected.pop(name, None) if kind == _UUID else None
        if arrival is None:
            log.warning("a stranger at the AudioSocket port")
            writer.close()
            return
        arrival.set_result((reader, writer))


class AudioSocketStream:
    """Implements MediaStream."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, take: TakeAudio, over: asyncio.Event
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._take = take
        self._over = over
        self._audio_received = False
        """Whether audio arrived since the previous check."""
        self._reading = asyncio.create_task(self._read(), name="media audiosocket")
        self._send_keepalive()

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        try:
            while True:
                kind, content = await _read_frame(self._reader)
                if kind == _AUDIO:
                    self._audio_received = True
                    self._take(content)
                elif kind in (_HANG_UP, _ERROR):
                    return
        except (OSError, EOFError) as error:
            log.debug("a media socket broke", why=repr(error))
        finally:
            self._writer.close()
            self._over.set()

    def _send_keepalive(self) -> None:
        if self._writer.is_closing():
            return
        if not self._audio_received:
            self._writer.write(_SILENCE_FRAME)
        self._audio_received = False
        asyncio.get_running_loop().call_later(KEEPALIVE_SECONDS, self._send_keepalive)


async def _read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readexactly(_HEADER_BYTES)
    return head[0], await reader.readexactly(int.from_bytes(head[1:]))

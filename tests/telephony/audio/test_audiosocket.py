"""The AudioSocket port, with the test in Asterisk's place: what it sends in pieces, in vain, or not at all."""

import asyncio
import contextlib
import uuid
from dataclasses import dataclass, field

import pytest

from callcenter.core.errors import AsteriskUnavailable
from callcenter.telephony.audio.audiosocket import AudioSocketTransport
from callcenter.telephony.audio.transport import AudioUnavailable


def frame(kind: int, content: bytes = b"") -> bytes:
    return bytes([kind]) + len(content).to_bytes(2) + content


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@dataclass
class Requests:
    """Keeps what was asked for and connects as Asterisk does, with `sends` after the name."""

    sends: list[bytes] = field(default_factory=list)
    connects: bool = True
    away: bool = False
    removed: list[str] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)
    writer: asyncio.StreamWriter | None = None
    reader: asyncio.StreamReader | None = None

    async def __aenter__(self) -> "Requests":
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.writer is not None:
            await close(self.writer)

    async def start_media(self, media_id: str, **parameters: str) -> None:
        if self.away:
            raise AsteriskUnavailable("POST")
        self.asked = parameters
        if self.connects:
            host, _, port = parameters["external_host"].partition(":")
            self.reader, self.writer = await asyncio.open_connection(host, int(port))
            self.writer.write(frame(1, uuid.UUID(parameters["data"]).bytes))
            for piece in self.sends:
                self.writer.write(piece)
                await self.writer.drain()

    async def evaluate(self, channel_id: str, expression: str) -> str:
        raise AssertionError("AudioSocket asks for no variable")

    async def remove_channel(self, channel_id: str) -> None:
        self.removed.append(channel_id)


async def test_audio_comes_out_however_it_is_cut_until_the_hang_up() -> None:
    stream = frame(0x10, b"ab" * 160) + frame(0x03, b"5") + frame(0x10, b"cd" * 160) + frame(0x00)
    requests = Requests(sends=[stream[:1], stream[1:200], stream[200:]])
    heard: list[bytes] = []
    over = asyncio.Event()
    async with requests, AudioSocketTransport(requests) as transport, asyncio.timeout(10):
        opened = await transport.open("m", heard.append, audio_ended=over)
        await over.wait()
        await opened.close()
    assert heard == [b"ab" * 160, b"cd" * 160]
    assert requests.asked["encapsulation"] == "audiosocket"
    assert requests.removed == []


async def test_a_reader_of_asterisk_s_that_waits_for_data_without_end_is_freed_by_a_packet_of_silence() -> None:
    requests = Requests()
    heard: list[bytes] = []
    async with requests, AudioSocketTransport(requests) as transport, asyncio.timeout(10):
        opened = await transport.open("m", heard.append, audio_ended=asyncio.Event())
        assert requests.reader is not None
        assert await requests.reader.readexactly(323) == frame(0x10, bytes(320))
        await opened.close()
        left = await requests.reader.read()
    assert left.replace(frame(0x10, bytes(320)), b"") == b""


async def test_asterisk_that_goes_without_a_word_ends_the_stream() -> None:
    requests = Requests(sends=[frame(0x10, b"ab")[:4]])
    over = asyncio.Event()
    async with requests, AudioSocketTransport(requests) as transport, asyncio.timeout(10):
        await transport.open("m", lambda _: None, audio_ended=over)
        assert requests.writer is not None
        requests.writer.close()
        await over.wait()


async def test_asterisk_that_does_not_connect_leaves_no_channel() -> None:
    requests = Requests(connects=False)
    async with requests, AudioSocketTransport(requests) as transport:
        with pytest.raises(AudioUnavailable):
            await transport.open("m", lambda _: None, audio_ended=asyncio.Event())
    assert requests.removed == ["m"]


async def test_asterisk_that_connects_too_late_is_turned_away() -> None:
    turned_away: list[bytes] = []

    @dataclass
    class Late(Requests):
        async def remove_channel(self, channel_id: str) -> None:
            host, _, port = self.asked["external_host"].partition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(frame(1, uuid.UUID(self.asked["data"]).bytes))
            turned_away.append(await reader.read())
            await close(writer)

    async with AudioSocketTransport(Late(connects=False)) as transport, asyncio.timeout(8):
        with pytest.raises(AudioUnavailable):
            await transport.open("m", lambda _: None, audio_ended=asyncio.Event())
    assert turned_away == [b""]


async def test_asterisk_that_is_away_is_not_waited_for() -> None:
    async with AudioSocketTransport(Requests(away=True)) as transport, asyncio.timeout(10):
        with pytest.raises(AsteriskUnavailable):
            await transport.open("m", lambda _: None, audio_ended=asyncio.Event())


async def test_a_stranger_at_the_port_is_shown_the_door() -> None:
    requests = Requests(sends=[frame(0x10, b"ab")])
    heard: list[bytes] = []
    over = asyncio.Event()
    async with requests, AudioSocketTransport(requests) as transport, asyncio.timeout(10):
        opened = await transport.open("m", heard.append, audio_ended=over)
        host, _, port = requests.asked["external_host"].partition(":")
        for greeting in (frame(1, uuid.uuid4().bytes), frame(0x10, b"ab"), b"GET / HTTP/1.1\r\n\r\n" + b"x" * 20000):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(greeting)
            with contextlib.suppress(ConnectionResetError):  # closed before everything was read
                assert await reader.read() == b""
            await close(writer)
        assert not over.is_set()
        await opened.close()
    assert heard == [b"ab"]

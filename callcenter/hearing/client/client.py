"""Client of one recognition server. The server may crash, freeze and restart; the client's legs survive that.

`run` keeps one connection. When the connection breaks, every leg receives `LegLost` and stays open on the client side;
on reconnection each leg is opened again with its phrases. Audio sent in between is lost, but word times stay correct,
because every Audio message carries its position in the leg. Sending never blocks and no buffer grows without limit:
audio that the socket does not accept is dropped and counted. With several servers (server_pool.py) the legs of a lost
server move to another one at once.
"""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from callcenter.conducting.ports import CallMetrics, NoMetrics
from callcenter.core.errors import CallcenterError
from callcenter.hearing.address import Address
from callcenter.hearing.server.engine import RATE
from callcenter.hearing.server.leg import CHUNK_SECONDS
from callcenter.hearing.wire import (
    PROTOCOL,
    Audio,
    BrokenWire,
    Close,
    Closed,
    Final,
    Flush,
    Hello,
    Message,
    Open,
    Partial,
    Phrases,
    Settle,
    State,
    Trouble,
    Unpacker,
    pack,
)

log = structlog.get_logger()

MIN_RECONNECT_SECONDS = 0.1
MAX_RECONNECT_SECONDS = 2.0
"""Delay in seconds before a reconnection: the first delay doubles after each failure up to the longest."""
FROZEN_AFTER_SECONDS = 3.0
"""Seconds without a message (or a connection) after which a server counts as frozen. It sends State twice a second."""
_MAX_UNSENT_BYTES = 1 << 18
"""Unsent bytes on the connection above which audio is dropped: 16 s of one 8 kHz leg, half a second of thirty legs."""
_READ_BYTES = 1 << 16


class RecognizerUnavailable(CallcenterError):
    """No recognition server answers."""


@dataclass(frozen=True, slots=True)
class LegLost:
    """The leg's server is lost. Audio is not recognized until `LegRestored`."""

    why: str


@dataclass(frozen=True, slots=True)
class LegRestored:
    """A server recognizes the leg from now on; `engine` as in Hello."""

    engine: str


@dataclass(frozen=True, slots=True)
class LegMoved:
    """The leg's server is lost and another server continues at once. The utterance in progress is lost."""

    why: str
    engine: str


LegEvent = Partial | Final | Trouble | Closed | LegLost | LegRestored | LegMoved
"""Events of a leg. `LegRestored` comes first, `Closed` last."""


class OtherServers(Protocol):
    """The other servers of a pool; implemented by server_pool.ServerPool."""

    def move_leg(self, leg: "RecognitionLeg", why: str) -> bool:
        """Move a leg from a lost server to a connected one. Returns False when no server is connected."""
        ...

    def adopt_waiting_legs(self, ear: "RecognitionClient") -> None:
        """Called when the server of `ear` has connected: move the legs of disconnected servers to it."""
        ...


class RecognitionClient:
    """Client of one server. It connects only while `run` runs; legs may be opened before."""

    def __init__(
        self,
        address: Address,
        *,
        failover_pool: OtherServers | None = None,
        metrics_recorder: CallMetrics | None = None,
    ) -> None:
        self.address = address
        self.metrics_recorder = metrics_recorder or NoMetrics()
        self.hello: Hello | None = None
        """The server's Hello; None while not connected."""
        self.state: State | None = None
        """The server's last State; None before the first one of a connection."""
        self.disconnects = 0
        """Number of broken connections."""
        self._failover_pool = failover_pool
        self._legs: dict[int, RecognitionLeg] = {}
        self._numbers = itertools.count(1)
        self._writer: asyncio.StreamWriter | None = None
        self._connected = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self.hello is not None

    @property
    def dropped_seconds(self) -> float:
        """Seconds of audio of the open legs that were dropped instead of sent."""
        return sum(leg.dropped_seconds for leg in self._legs.values())

    @property
    def legs(self) -> tuple["RecognitionLeg", ...]:
        return tuple(self._legs.values())

    def open_leg(
        self, on_event: Callable[[LegEvent], None], *, rate: int = RATE, phrases: tuple[str, ...] | None = None
    ) -> "RecognitionLeg":
        """Open a leg; returns at once. `on_event` is called in the event loop and must not raise.

        `rate` is in samples a second; `phrases` as in Engine.create_recognizer.
        """
        leg = RecognitionLeg(self, next(self._numbers), on_event, rate=rate, phrases=phrases)
        self._legs[leg.number] = leg
        if self.hello is not None:
            self._announce_leg(leg, self.hello)
        return leg

    def adopt_leg(self, leg: "RecognitionLeg", why: str | None) -> None:
        """Continue another client's leg on this connected server.

        `why`: reason of a loss that happened just now (the leg receives LegMoved); None: the leg already had LegLost
        or had no server yet (it receives LegRestored).
        """
        leg.move_to(self, next(self._numbers))
        self._legs[leg.number] = leg
        if self.hello is not None:
            self._announce_leg(leg, self.hello, moved=why)

    async def wait_for_connection(self, *, within: float) -> Hello:
        """Wait until `run` has connected. Raises RecognizerUnavailable after `within` seconds."""
        try:
            async with asyncio.timeout(within):
                while self.hello is None:
                    await self._connected.wait()
        except TimeoutError:
            raise RecognizerUnavailable(f"no ear answers at {self.address} within {within:g} s") from None
        return self.hello

    async def run(self) -> None:
        """Keep the connection, reconnecting after each failure, until cancelled."""
        pause = MIN_RECONNECT_SECONDS
        while True:
            why = "it closed the connection"
            try:
                async with asyncio.timeout(FROZEN_AFTER_SECONDS):
                    reader, writer = await self._dial()
                try:
                    await self._read_messages(reader, writer)
                finally:
                    self._writer = None
                    writer.transport.abort()
            except TimeoutError:
                why = f"it has said nothing for {FROZEN_AFTER_SECONDS:g} s"
            except (OSError, BrokenWire) as error:
                why = str(error) or type(error).__name__
            if self.hello is not None:
                pause = MIN_RECONNECT_SECONDS
                self._handle_disconnect(why)
            log.debug("no ear", address=str(self.address), why=why, retry_in=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, MAX_RECONNECT_SECONDS)

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.address, Path):
            return await asyncio.open_unix_connection(self.address)
        return await asyncio.open_connection(self.address.name, self.address.port)

    async def _read_messages(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        unpacker = Unpacker()
        while True:
            async with asyncio.timeout(FROZEN_AFTER_SECONDS):
                data = await reader.read(_READ_BYTES)
            if not data:
                return
            for number, message in unpacker.feed(data):
                self._handle_message(number, message, writer)

    def _handle_message(self, number: int, message: Message, writer: asyncio.StreamWriter) -> None:
        match message:
            case Hello():
                if message.protocol != PROTOCOL:
                    raise BrokenWire(f"it speaks protocol {message.protocol}, not {PROTOCOL}; update both sides")
                self.hello, self._writer = message, writer
                log.info("an ear listens", address=str(self.address), engine=message.engine, legs=len(self._legs))
                for waiting in self._legs.values():
                    self._announce_leg(waiting, message)
                self._connected.set()
                if self._failover_pool is not None:
                    self._failover_pool.adopt_waiting_legs(self)
            case State():
                self._handle_state(message)
            case Partial() | Final() | Trouble() | Closed():
                if (leg := self._legs.get(number)) is not None:
                    if isinstance(message, Closed):
                        del self._legs[number]
                    leg.deliver(message)
            case _:
                raise BrokenWire(f"an ear does not say {type(message).__name__}")

    def _handle_state(self, state: State) -> None:
        """Count the audio dropped since the last State; the first State of a connection is where the count begins."""
        before, self.state = self.state or state, state
        if state.legs:
            self.metrics_recorder.record_recognition_lag(state.lag)
        self.metrics_recorder.count_dropped_audio(max(state.dropped - before.dropped, 0.0))

    def _handle_disconnect(self, why: str) -> None:
        self.disconnects += 1
        self.metrics_recorder.count_recognizer_loss()
        self.hello = self.state = None
        self._connected.clear()
        log.warning("the ear is lost", address=str(self.address), why=why, legs=len(self._legs))
        for number, leg in list(self._legs.items()):
            if leg.closing:
                del self._legs[number]
                leg.deliver(Closed())
            elif self._failover_pool is None or not self._failover_pool.move_leg(leg, why):
                leg.deliver(LegLost(why))

    def _announce_leg(self, leg: "RecognitionLeg", hello: Hello, *, moved: str | None = None) -> None:
        self.send(leg.number, Open(leg.rate, leg.phrases))
        back = LegRestored(hello.engine)
        leg.deliver(back if moved is None else LegMoved(moved, hello.engine))

    def send(self, number: int, message: Message) -> bool:
        """Used by legs: queue a message on the connection.

        Returns False when there is no connection, or for Audio when more than _MAX_UNSENT_BYTES are still unsent.
        """
        if self._writer is None or self._writer.is_closing():
            return False
        if isinstance(message, Audio) and self._writer.transport.get_write_buffer_size() > _MAX_UNSENT_BYTES:
            return False
        self._writer.write(pack(number, message))
        return True

    def close_unconnected_leg(self, leg: "RecognitionLeg") -> None:
        """Used by legs: close a leg while there is no connection."""
        if self.remove_leg(leg):
            leg.deliver(Closed())

    def remove_leg(self, leg: "RecognitionLeg") -> bool:
        """Used by legs: remove the leg from this client. Returns whether the leg was registered here."""
        return self._legs.pop(leg.number, None) is not None


class RecognitionLeg:
    """One leg, opened by `RecognitionClient.open_leg`. No method blocks."""

    def __init__(
        self,
        client: RecognitionClient,
        number: int,
        on_event: Callable[[LegEvent], None],
        *,
        rate: int,
        phrases: tuple[str, ...] | None,
    ) -> None:
        self.number = number
        self.rate = rate
        self.phrases = phrases
        self.position = 0
        """Number of samples so far, which is the position of the next sample."""
        self.closing = False
        self._client = client
        self._handle_message = on_event
        self._buffer = b""
        self._unsent = 0

    @property
    def dropped_seconds(self) -> float:
        """Seconds of audio that were dropped: there was no connection, or the server read too slowly."""
        return self._unsent / self.rate

    def send_audio(self, samples: bytes) -> None:
        """Add audio (linear 16-bit little-endian mono). It is sent in chunks of at least CHUNK_SECONDS."""
        self._buffer += samples
        self.position += len(samples) // 2
        if len(self._buffer) >= 2 * CHUNK_SECONDS * self.rate:
            self._send_gathered()

    def set_phrases(self, phrases: tuple[str, ...] | None) -> None:
        """End the current utterance and recognize later audio with these phrases (None: any speech).

        The same phrases do not end an utterance that already has words.
        """
        self.phrases = phrases
        self._send_gathered()
        self._client.send(self.number, Phrases(phrases))

    def request_partial(self) -> None:
        """Request an immediate Partial with all words so far. To be called when the speaker pauses."""
        self._send_gathered()
        self._client.send(self.number, Settle())

    def end_utterance(self) -> None:
        """End the current utterance. Its words come as a Final, if it has any."""
        self._send_gathered()
        self._client.send(self.number, Flush())

    def close(self) -> None:
        """End the leg once all sent audio is processed; the event `Closed` follows. Repeated calls have no effect."""
        if self.closing:
            return
        self.closing = True
        self._send_gathered()
        if not self._client.send(self.number, Close()):
            self._client.close_unconnected_leg(self)

    def _send_gathered(self) -> None:
        samples, self._buffer = self._buffer, b""
        count = len(samples) // 2
        if count and not self._client.send(self.number, Audio(self.position - count, samples)):
            self._unsent += count
            self._client.metrics_recorder.count_dropped_audio(count / self.rate)

    def move_to(self, client: RecognitionClient, number: int) -> None:
        """Used by the client: continue on another client under another number."""
        self._client.remove_leg(self)
        self._client, self.number = client, number

    def deliver(self, told: LegEvent) -> None:
        """Used by the client: pass an event to the leg's owner."""
        self._handle_message(told)

"""Hearing from inside the event loop: legs opened at an ear that may die, freeze and come back.

`run` keeps one connection. When it breaks, legs stay open on this side, are told `LegLost`, and are opened anew with
their phrases as soon as an ear answers. Audio of the time between is not heard; times stay right, because every
piece of audio says where in the leg it belongs. Nothing here waits or grows: audio that the socket does not take is
dropped and counted. With several ears (ears.py) a leg whose ear is lost moves to another one in the same moment.
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

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
SILENCE_SECONDS = 3.0
"""An ear tells its state twice a second; one that says nothing for this long is frozen."""
_MAX_UNSENT_BYTES = 1 << 18
"""Bytes: sixteen seconds of one leg, half a second of thirty."""
_READ_BYTES = 1 << 16


class RecognizerUnavailable(CallcenterError):
    """No ear answers."""


@dataclass(frozen=True, slots=True)
class LegLost:
    """The leg is not heard from now on, until `LegRestored`."""

    why: str


@dataclass(frozen=True, slots=True)
class LegRestored:
    """The leg is heard from now on, by an ear with this engine (see Hello)."""

    engine: str


@dataclass(frozen=True, slots=True)
class LegMoved:
    """The leg's ear is lost, and another one hears it from now on; what was being said until now is not heard."""

    why: str
    engine: str


Told = Partial | Final | Trouble | Closed | LegLost | LegRestored | LegMoved
"""What a leg is told. `LegRestored` comes first, `Closed` last."""


class OtherServers(Protocol):
    """The other ears; ears.py."""

    def move_leg(self, leg: "RecognitionLeg", why: str) -> bool:
        """Whether another ear has taken the leg of an ear that is lost."""
        ...

    def adopt_waiting_legs(self, ear: "RecognitionClient") -> None:
        """This ear hears from now on."""
        ...


class RecognitionClient:
    """One ear's client. Nothing happens before `run`."""

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
        """Who the ear is; None while there is none."""
        self.state: State | None = None
        """The ear's last word about itself."""
        self.disconnects = 0
        """Connections that broke."""
        self._failover_pool = failover_pool
        self._dropped_by_server = 0.0
        self._legs: dict[int, RecognitionLeg] = {}
        self._numbers = itertools.count(1)
        self._writer: asyncio.StreamWriter | None = None
        self._connected = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self.hello is not None

    @property
    def dropped_seconds(self) -> float:
        """Seconds of audio of the open legs that were never sent."""
        return sum(leg.dropped_seconds for leg in self._legs.values())

    @property
    def legs(self) -> tuple["RecognitionLeg", ...]:
        return tuple(self._legs.values())

    def open_leg(
        self, on_event: Callable[[Told], None], *, rate: int = RATE, phrases: tuple[str, ...] | None = None
    ) -> "RecognitionLeg":
        """A new leg. `on_event` is told what is heard, in the event loop, and must not raise."""
        leg = RecognitionLeg(self, next(self._numbers), on_event, rate=rate, phrases=phrases)
        self._legs[leg.number] = leg
        if self.hello is not None:
            self._announce_leg(leg, self.hello)
        return leg

    def adopt_leg(self, leg: "RecognitionLeg", why: str | None) -> None:
        """A leg of another client goes on at this ear, which hears. `why`: its ear was lost just now; None: before."""
        leg.move_to(self, next(self._numbers))
        self._legs[leg.number] = leg
        if self.hello is not None:
            self._announce_leg(leg, self.hello, moved=why)

    async def wait_for_connection(self, *, within: float) -> Hello:
        """Waits for `run` to find an ear. Raises RecognizerUnavailable."""
        try:
            async with asyncio.timeout(within):
                while self.hello is None:
                    await self._connected.wait()
        except TimeoutError:
            raise RecognizerUnavailable(f"no ear answers at {self.address} within {within:g} s") from None
        return self.hello

    async def run(self) -> None:
        """Keeps the connection until cancelled."""
        pause = FIRST_PAUSE
        while True:
            why = "it closed the connection"
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    reader, writer = await self._dial()
                try:
                    await self._read_messages(reader, writer)
                finally:
                    self._writer = None
                    writer.transport.abort()
            except TimeoutError:
                why = f"it has said nothing for {SILENCE_SECONDS:g} s"
            except (OSError, BrokenWire) as error:
                why = str(error) or type(error).__name__
            if self.hello is not None:
                pause = FIRST_PAUSE
                self._handle_disconnect(why)
            log.debug("no ear", address=str(self.address), why=why, retry_in=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.address, Path):
            return await asyncio.open_unix_connection(self.address)
        return await asyncio.open_connection(self.address.name, self.address.port)

    async def _read_messages(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        unpacker = Unpacker()
        while True:
            async with asyncio.timeout(SILENCE_SECONDS):
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
                self._dropped_by_server = 0.0
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
        self.state = state
        if state.legs:
            self.metrics_recorder.record_recognition_lag(state.lag)
        self.metrics_recorder.count_dropped_audio(max(state.dropped - self._dropped_by_server, 0.0))
        self._dropped_by_server = state.dropped

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
        """For legs: false when there is nobody to send to, or the ear has not read what it was sent before."""
        if self._writer is None or self._writer.is_closing():
            return False
        if isinstance(message, Audio) and self._writer.transport.get_write_buffer_size() > _MAX_UNSENT_BYTES:
            return False
        self._writer.write(pack(number, message))
        return True

    def close_unconnected_leg(self, leg: "RecognitionLeg") -> None:
        """For legs: closed while there was no ear."""
        if self.remove_leg(leg):
            leg.deliver(Closed())

    def remove_leg(self, leg: "RecognitionLeg") -> bool:
        """For legs: not ours any more; whether it was."""
        return self._legs.pop(leg.number, None) is not None


class RecognitionLeg:
    """One leg, opened by `RecognitionClient.open`. No method waits."""

    def __init__(
        self,
        client: RecognitionClient,
        number: int,
        on_event: Callable[[Told], None],
        *,
        rate: int,
        phrases: tuple[str, ...] | None,
    ) -> None:
        self.number = number
        self.rate = rate
        self.phrases = phrases
        self.position = 0
        """Samples so far; the next one's number."""
        self.closing = False
        self._client = client
        self._handle_message = on_event
        self._buffer = b""
        self._unsent = 0

    @property
    def dropped_seconds(self) -> float:
        """Seconds of audio that were never sent: no ear, or a slow one."""
        return self._unsent / self.rate

    def send_audio(self, samples: bytes) -> None:
        """Takes the next audio: linear, 16 bit, little-endian. Sent when it is as much as a leg takes at a time."""
        self._buffer += samples
        self.position += len(samples) // 2
        if len(self._buffer) >= 2 * CHUNK_SECONDS * self.rate:
            self._send_gathered()

    def set_phrases(self, phrases: tuple[str, ...] | None) -> None:
        """Ends the utterance that goes on; what follows is heard with these phrases (None: anything)."""
        self.phrases = phrases
        self._send_gathered()
        self._client.send(self.number, Phrases(phrases))

    def request_partial(self) -> None:
        """It is quiet: a Partial with all that was said so far comes at once."""
        self._send_gathered()
        self._client.send(self.number, Settle())

    def end_utterance(self) -> None:
        """Ends the utterance that goes on: its words come as a Final, if it has any."""
        self._send_gathered()
        self._client.send(self.number, Flush())

    def close(self) -> None:
        """Ends the leg after all that was sent is heard; `Closed` tells when. May be repeated."""
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
        """For the client: goes on at another one."""
        self._client.remove_leg(self)
        self._client, self.number = client, number

    def deliver(self, told: Told) -> None:
        """For the client: hands on what the ear said."""
        self._handle_message(told)

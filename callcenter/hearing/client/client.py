"""Hearing from inside the event loop: legs opened at an ear that may die, freeze and come back.

`run` keeps one connection. When it breaks, legs stay open on this side, are told `EarLost`, and are opened anew with
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

from callcenter.conducting.ports import Measures, Unmeasured
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
_UNSENT = 1 << 18
"""Bytes: sixteen seconds of one leg, half a second of thirty."""
_READ = 1 << 16


class EarAway(CallcenterError):
    """No ear answers."""


@dataclass(frozen=True, slots=True)
class EarLost:
    """The leg is not heard from now on, until `EarBack`."""

    why: str


@dataclass(frozen=True, slots=True)
class EarBack:
    """The leg is heard from now on, by an ear with this engine (see Hello)."""

    engine: str


@dataclass(frozen=True, slots=True)
class EarMoved:
    """The leg's ear is lost, and another one hears it from now on; what was being said until now is not heard."""

    why: str
    engine: str


Told = Partial | Final | Trouble | Closed | EarLost | EarBack | EarMoved
"""What a leg is told. `EarBack` comes first, `Closed` last."""


class Neighbours(Protocol):
    """The other ears; ears.py."""

    def relieve(self, leg: "EarLeg", why: str) -> bool:
        """Whether another ear has taken the leg of an ear that is lost."""
        ...

    def found(self, ear: "EarClient") -> None:
        """This ear hears from now on."""
        ...


class EarClient:
    """One ear's client. Nothing happens before `run`."""

    def __init__(
        self, address: Address, *, neighbours: Neighbours | None = None, measures: Measures | None = None
    ) -> None:
        self.address = address
        self.measures = measures or Unmeasured()
        self.hello: Hello | None = None
        """Who the ear is; None while there is none."""
        self.state: State | None = None
        """The ear's last word about itself."""
        self.losses = 0
        """Connections that broke."""
        self._neighbours = neighbours
        self._dropped_there = 0.0
        self._legs: dict[int, EarLeg] = {}
        self._numbers = itertools.count(1)
        self._writer: asyncio.StreamWriter | None = None
        self._answered = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self.hello is not None

    @property
    def dropped(self) -> float:
        """Seconds of audio of the open legs that were never sent."""
        return sum(leg.dropped for leg in self._legs.values())

    @property
    def legs(self) -> tuple["EarLeg", ...]:
        return tuple(self._legs.values())

    def open(
        self, take: Callable[[Told], None], *, rate: int = RATE, phrases: tuple[str, ...] | None = None
    ) -> "EarLeg":
        """A new leg. `take` is told what is heard, in the event loop, and must not raise."""
        leg = EarLeg(self, next(self._numbers), take, rate=rate, phrases=phrases)
        self._legs[leg.number] = leg
        if self.hello is not None:
            self._begin(leg, self.hello)
        return leg

    def take_over(self, leg: "EarLeg", why: str | None) -> None:
        """A leg of another client goes on at this ear, which hears. `why`: its ear was lost just now; None: before."""
        leg.leave(self, next(self._numbers))
        self._legs[leg.number] = leg
        if self.hello is not None:
            self._begin(leg, self.hello, moved=why)

    async def connect(self, *, within: float) -> Hello:
        """Waits for `run` to find an ear. Raises EarAway."""
        try:
            async with asyncio.timeout(within):
                while self.hello is None:
                    await self._answered.wait()
        except TimeoutError:
            raise EarAway(f"no ear answers at {self.address} within {within:g} s") from None
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
                    await self._listen(reader, writer)
                finally:
                    self._writer = None
                    writer.transport.abort()
            except TimeoutError:
                why = f"it has said nothing for {SILENCE_SECONDS:g} s"
            except (OSError, BrokenWire) as error:
                why = str(error) or type(error).__name__
            if self.hello is not None:
                pause = FIRST_PAUSE
                self._lose(why)
            log.debug("no ear", address=str(self.address), why=why, retry_in=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.address, Path):
            return await asyncio.open_unix_connection(self.address)
        return await asyncio.open_connection(self.address.name, self.address.port)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        unpacker = Unpacker()
        while True:
            async with asyncio.timeout(SILENCE_SECONDS):
                data = await reader.read(_READ)
            if not data:
                return
            for number, message in unpacker.feed(data):
                self._take(number, message, writer)

    def _take(self, number: int, message: Message, writer: asyncio.StreamWriter) -> None:
        match message:
            case Hello():
                if message.protocol != PROTOCOL:
                    raise BrokenWire(f"it speaks protocol {message.protocol}, not {PROTOCOL}; update both sides")
                self.hello, self._writer = message, writer
                log.info("an ear listens", address=str(self.address), engine=message.engine, legs=len(self._legs))
                for waiting in self._legs.values():
                    self._begin(waiting, message)
                self._answered.set()
                self._dropped_there = 0.0
                if self._neighbours is not None:
                    self._neighbours.found(self)
            case State():
                self._take_state(message)
            case Partial() | Final() | Trouble() | Closed():
                if (leg := self._legs.get(number)) is not None:
                    if isinstance(message, Closed):
                        del self._legs[number]
                    leg.tell(message)
            case _:
                raise BrokenWire(f"an ear does not say {type(message).__name__}")

    def _take_state(self, state: State) -> None:
        self.state = state
        if state.legs:
            self.measures.ear_lagged(state.lag)
        self.measures.sound_dropped(max(state.dropped - self._dropped_there, 0.0))
        self._dropped_there = state.dropped

    def _lose(self, why: str) -> None:
        self.losses += 1
        self.measures.ear_lost()
        self.hello = self.state = None
        self._answered.clear()
        log.warning("the ear is lost", address=str(self.address), why=why, legs=len(self._legs))
        for number, leg in list(self._legs.items()):
            if leg.closing:
                del self._legs[number]
                leg.tell(Closed())
            elif self._neighbours is None or not self._neighbours.relieve(leg, why):
                leg.tell(EarLost(why))

    def _begin(self, leg: "EarLeg", hello: Hello, *, moved: str | None = None) -> None:
        self.send(leg.number, Open(leg.rate, leg.phrases))
        back = EarBack(hello.engine)
        leg.tell(back if moved is None else EarMoved(moved, hello.engine))

    def send(self, number: int, message: Message) -> bool:
        """For legs: false when there is nobody to send to, or the ear has not read what it was sent before."""
        if self._writer is None or self._writer.is_closing():
            return False
        if isinstance(message, Audio) and self._writer.transport.get_write_buffer_size() > _UNSENT:
            return False
        self._writer.write(pack(number, message))
        return True

    def forget(self, leg: "EarLeg") -> None:
        """For legs: closed while there was no ear."""
        if self.drop(leg):
            leg.tell(Closed())

    def drop(self, leg: "EarLeg") -> bool:
        """For legs: not ours any more; whether it was."""
        return self._legs.pop(leg.number, None) is not None


class EarLeg:
    """One leg, opened by `EarClient.open`. No method waits."""

    def __init__(
        self,
        ear: EarClient,
        number: int,
        take: Callable[[Told], None],
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
        self._ear = ear
        self._take = take
        self._gathered = b""
        self._unsent = 0

    @property
    def dropped(self) -> float:
        """Seconds of audio that were never sent: no ear, or a slow one."""
        return self._unsent / self.rate

    def hear(self, samples: bytes) -> None:
        """Takes the next audio: linear, 16 bit, little-endian. Sent when it is as much as a leg takes at a time."""
        self._gathered += samples
        self.position += len(samples) // 2
        if len(self._gathered) >= 2 * CHUNK_SECONDS * self.rate:
            self._send_gathered()

    def expect(self, phrases: tuple[str, ...] | None) -> None:
        """Ends the utterance that goes on; what follows is heard with these phrases (None: anything)."""
        self.phrases = phrases
        self._send_gathered()
        self._ear.send(self.number, Phrases(phrases))

    def settle(self) -> None:
        """It is quiet: a Partial with all that was said so far comes at once."""
        self._send_gathered()
        self._ear.send(self.number, Settle())

    def flush(self) -> None:
        """Ends the utterance that goes on: its words come as a Final, if it has any."""
        self._send_gathered()
        self._ear.send(self.number, Flush())

    def close(self) -> None:
        """Ends the leg after all that was sent is heard; `Closed` tells when. May be repeated."""
        if self.closing:
            return
        self.closing = True
        self._send_gathered()
        if not self._ear.send(self.number, Close()):
            self._ear.forget(self)

    def _send_gathered(self) -> None:
        samples, self._gathered = self._gathered, b""
        count = len(samples) // 2
        if count and not self._ear.send(self.number, Audio(self.position - count, samples)):
            self._unsent += count
            self._ear.measures.sound_dropped(count / self.rate)

    def leave(self, ear: EarClient, number: int) -> None:
        """For the client: goes on at another one."""
        self._ear.drop(self)
        self._ear, self.number = ear, number

    def tell(self, told: Told) -> None:
        """For the client: hands on what the ear said."""
        self._take(told)

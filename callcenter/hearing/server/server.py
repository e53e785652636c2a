"""Recognition server: a separate process that turns clients' audio into words. Reasons: docs/decisions/0011.

It has one engine, one thread for each leg (leg.py) and one event loop for all sockets. The loop never waits for a leg.
A client that does not read its results is disconnected before they fill the memory.
"""

import asyncio
import contextlib
import functools
from collections.abc import Callable
from pathlib import Path

import structlog

from callcenter.hearing.address import Address
from callcenter.hearing.server.engine import Engine
from callcenter.hearing.server.leg import Leg, LegResult
from callcenter.hearing.wire import (
    PROTOCOL,
    Audio,
    BrokenWire,
    Close,
    Closed,
    Flush,
    Hello,
    Message,
    Open,
    Phrases,
    Settle,
    State,
    Unpacker,
    pack,
)

log = structlog.get_logger()

STATE_SECONDS = 0.5
"""Seconds between two State messages."""
_MAX_UNREAD_BYTES = 1 << 20
"""Bytes that a client may leave unread before it is disconnected."""
_READ_BYTES = 1 << 16
_SHUTDOWN_SECONDS = 2.0
"""Seconds that legs and clients have to finish when the server stops."""


class RecognitionServer:
    """Serves clients at one address until `stop`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._clients: set[_ClientConnection] = set()
        self._stopping = asyncio.Event()
        self._dropped = 0.0
        self._failures = 0
        """Recognizer failures of closed legs; `_dropped` is the seconds of audio dropped by closed legs."""

    def stop(self) -> None:
        """Make `serve` finish: queued audio is processed, clients get their last results, then the sockets close."""
        self._stopping.set()

    async def serve(self, address: Address) -> None:
        """Serve until `stop`. Raises OSError when the address cannot be bound."""
        if isinstance(address, Path):
            server = await asyncio.start_unix_server(self._handle_connection, address)
            address.chmod(0o600)
        else:
            server = await asyncio.start_server(self._handle_connection, address.name, address.port)
        log.info("the ear listens", address=str(address), engine=self._engine.name)
        try:
            async with asyncio.TaskGroup() as group:
                telling = group.create_task(self._broadcast_state(), name="state of the ear")
                await self._stopping.wait()
                telling.cancel()
        finally:
            server.close()
            if isinstance(address, Path):
                address.unlink(missing_ok=True)
        log.info("the ear stops", legs=len(self._legs))
        await asyncio.gather(*(client.dismiss() for client in list(self._clients)))

    @property
    def _legs(self) -> list[Leg]:
        return [leg for client in self._clients for leg in client.legs.values()]

    async def _handle_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _ClientConnection(self._engine, writer, count=self._add_leg_totals)
        self._clients.add(client)
        try:
            await client.listen(reader)
        finally:
            self._clients.discard(client)

    def _add_leg_totals(self, leg: Leg) -> None:
        self._dropped += leg.dropped_seconds
        self._failures += leg.failures

    async def _broadcast_state(self) -> None:
        while True:
            await asyncio.sleep(STATE_SECONDS)
            legs = self._legs
            state = State(
                legs=len(legs),
                lag=round(max((leg.take_lag() for leg in legs), default=0.0), 3),
                dropped=round(self._dropped + sum(leg.dropped_seconds for leg in legs), 3),
                failures=self._failures + sum(leg.failures for leg in legs),
            )
            for client in self._clients:
                client.tell(0, state)


class _ClientConnection:
    """One connection and its legs. `count` is called with each closed leg."""

    def __init__(self, engine: Engine, writer: asyncio.StreamWriter, *, count: Callable[[Leg], None]) -> None:
        self.legs: dict[int, Leg] = {}
        self._engine = engine
        self._writer = writer
        self._add_leg_totals = count
        self._loop = asyncio.get_running_loop()
        self._no_legs, self._disconnected = asyncio.Event(), asyncio.Event()
        self._no_legs.set()
        self._output_ended = False
        """Set when the last result has been sent; later messages are discarded."""

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Serve until the client disconnects or breaks the protocol."""
        self.tell(0, Hello(PROTOCOL, self._engine.name, self._engine.takes_phrases))
        unpacker = Unpacker()
        try:
            while data := await reader.read(_READ_BYTES):
                for number, message in unpacker.feed(data):
                    self._handle_message(number, message)
        except (BrokenWire, OSError) as error:
            log.warning("a client was disconnected", why=str(error))
        finally:
            self._disconnected.set()
            self._close_legs()
            self._writer.close()

    async def dismiss(self) -> None:
        """Finish the legs, send their last results and wait until the client closes, at most _SHUTDOWN_SECONDS.

        The client closes first: a client that still writes to a closed socket loses the results it has not read yet.
        """
        self._close_legs()
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(_SHUTDOWN_SECONDS):
                await self._no_legs.wait()
                self._output_ended = True
                self._writer.write_eof()
                await self._disconnected.wait()
        self._writer.close()

    def tell(self, number: int, message: Message) -> None:
        if self._output_ended or self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > _MAX_UNREAD_BYTES:
            log.warning("a client does not read what it is told")
            self._writer.transport.abort()
            return
        self._writer.write(pack(number, message))

    def _handle_message(self, number: int, message: Message) -> None:
        if isinstance(message, Open):
            if number in self.legs or number == 0:
                raise BrokenWire(f"leg {number} cannot be opened")
            self._no_legs.clear()
            self.legs[number] = Leg(self._engine, message, functools.partial(self._schedule_report, number))
        elif isinstance(message, Audio | Phrases | Settle | Flush | Close):
            if number in self.legs:  # otherwise the client sent it before it knew that the leg had ended
                self.legs[number].enqueue(message)
        else:
            raise BrokenWire(f"a client does not say {type(message).__name__}")

    def _schedule_report(self, number: int, report: LegResult) -> None:
        """Called in the leg's thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: the server ended before this leg did
            self._loop.call_soon_threadsafe(self._send_report, number, report)

    def _send_report(self, number: int, report: LegResult) -> None:
        self.tell(number, report)
        if isinstance(report, Closed):
            self._add_leg_totals(self.legs.pop(number))
            if not self.legs:
                self._no_legs.set()

    def _close_legs(self) -> None:
        for leg in self.legs.values():
            leg.enqueue(Close())

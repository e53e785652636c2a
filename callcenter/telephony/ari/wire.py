"""Plain HTTP/1.1 to one Asterisk: a few connections that are kept, one request at a time on each.

It speaks as much of HTTP as Asterisk's own server does: replies with a Content-Length, or without a body. A connection
whose reply was not read to its end (no reply in time, a request that was cancelled) is closed, so that no reply can
ever be taken for another one's. Why not httpx: docs/decisions/0003-own-ari-client.md.
"""

import asyncio
import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

AT_ONCE = 12
"""Requests under way; Asterisk has a thread for each connection."""
KEPT_SECONDS = 5.0
"""A connection idle for longer is not used again: Asterisk closes it after fifteen."""
_HEAD_BYTES = 1 << 16
_BODILESS = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    text: str

    def json(self) -> Any:
        """Raises ValueError."""
        return json.loads(self.text)


class Wire(Protocol):
    """Carries requests to Asterisk."""

    async def ask(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Reply:
        """`path` below `/ari`, quoted already. Raises OSError, TimeoutError among them: Asterisk did not answer."""
        ...

    async def close(self) -> None: ...


class BrokenReply(OSError):
    """What came is not HTTP, or broke off."""


class HttpWire:
    """See Wire. `address` is `http://host:port`; connections are made as requests need them."""

    def __init__(
        self, address: str, *, user: str, password: str, reply_within: float, kept_seconds: float = KEPT_SECONDS
    ) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._reply_within = reply_within
        self._kept_seconds = kept_seconds
        self._idle: list[_Connection] = []
        self._turns = asyncio.Semaphore(AT_ONCE)
        credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = f"Host: {parts.netloc}\r\nAuthorization: Basic {credentials}\r\n"

    async def ask(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Reply:
        query = f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
        content = b"" if body is None else json.dumps(body).encode()
        kind = "" if body is None else "Content-Type: application/json\r\n"
        head = f"{method} /ari{path}{query} HTTP/1.1\r\n{self._headers}{kind}Content-Length: {len(content)}\r\n\r\n"
        async with self._turns, asyncio.timeout(self._reply_within):
            connection = self._take_idle() or await _connect(self._host, self._port)
            try:
                reply = await connection.exchange(head.encode("ascii") + content)
            except BaseException:
                connection.close()
                raise
        if connection.kept and self._kept_seconds > 0:
            connection.idle_since = time.monotonic()
            self._idle.append(connection)
        else:
            connection.close()
        return reply

    async def close(self) -> None:
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    def _take_idle(self) -> "_Connection | None":
        """The one used last: those that are not needed grow old."""
        oldest = time.monotonic() - self._kept_seconds
        while self._idle and (self._idle[0].idle_since < oldest or self._idle[0].is_closed):
            self._idle.pop(0).close()
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed:
                return connection
            connection.close()
        return None


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.idle_since = 0.0
        self.kept = True
        """False once the other side has said that it will close."""

    @property
    def is_closed(self) -> bool:
        """The other side has closed it, or has said something that nobody asked for."""
        return self._reader.at_eof() or self._writer.is_closing()

    async def exchange(self, request: bytes) -> Reply:
        """Raises OSError."""
        self._writer.write(request)
        try:
            status, headers = _read_head(await self._reader.readuntil(b"\r\n\r\n"))
            length = headers.get("content-length", "0" if status in _BODILESS else "")
            if not length.isdecimal():
                raise BrokenReply(f"a reply {status} without its length")
            content = await self._reader.readexactly(int(length))
        except (EOFError, asyncio.LimitOverrunError) as error:
            raise BrokenReply(str(error)) from error
        self.kept = headers.get("connection", "").lower() != "close"
        return Reply(status, content.decode("utf-8", errors="replace"))

    def close(self) -> None:
        self._writer.transport.abort()


async def _connect(host: str, port: int) -> _Connection:
    return _Connection(*await asyncio.open_connection(host, port, limit=_HEAD_BYTES))


def _read_head(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers, names in small letters. Raises BrokenReply."""
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdecimal():
        raise BrokenReply(f"not HTTP: {first[:80]!r}")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(words[1]), headers

"""The HTTP transport of ARI requests: aiohttp sends them to one Asterisk and reads the replies.

A connection whose reply was not read completely is closed, so a reply is never matched to another request. aiohttp
retries idempotent requests (GET, PUT, DELETE) once, on a new connection; a POST is never retried.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

MAX_CONNECTIONS = 12
"""Maximum number of concurrent requests; further requests wait. Each connection occupies a thread of Asterisk."""
KEEPALIVE_SECONDS = 5.0
"""A connection idle for longer than this is not reused. It must stay below 15, when Asterisk closes the connection."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    text: str

    def json(self) -> Any:
        """Raises ValueError."""
        return json.loads(self.text)


class AriTransport(Protocol):
    """Carries requests to Asterisk."""

    async def send_request(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Reply:
        """`path` is relative to `/ari` and already URL-quoted; `body` is sent as JSON.

        Raises OSError (TimeoutError included) when Asterisk does not reply.
        """
        ...

    async def close(self) -> None: ...


class NoReply(OSError):
    """Asterisk cannot be reached, closed the connection, or sent something that is not HTTP."""


class HttpAriTransport:
    """Implements AriTransport. `address` is `http://host:port`; connections are opened on demand."""

    def __init__(self, address: str, *, user: str, password: str, reply_within: float) -> None:
        """`reply_within`: time limit of a request in seconds, including the wait for a free connection."""
        self._base = f"{address}/ari"
        self._reply_within = aiohttp.ClientTimeout(total=reply_within)
        self._headers = {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
        self._session: aiohttp.ClientSession | None = None

    async def send_request(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Reply:
        query = f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
        address = URL(f"{self._base}{path}{query}", encoded=True)
        try:
            async with self._connected().request(method, address, json=body) as reply:
                return Reply(reply.status, (await reply.read()).decode("utf-8", errors="replace"))
        except TimeoutError:
            raise
        except aiohttp.ClientError as error:
            raise NoReply(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _connected(self) -> aiohttp.ClientSession:
        """Creates the session on first use: aiohttp needs a running event loop for it."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=KEEPALIVE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                timeout=self._reply_within,
            )
        return self._session

"""Requests to one Asterisk and their replies, carried by aiohttp.

A connection whose reply was not read to its end is closed, so that no reply can ever be taken for another one's. Only
what may be asked twice (GET, PUT, DELETE) is ever asked again, once, on a new connection: aiohttp's own rule.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

AT_ONCE = 12
"""Requests under way; Asterisk has a thread for each connection."""
KEPT_SECONDS = 5.0
"""A connection idle for longer is not used again: Asterisk closes it after fifteen."""


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
        """`path` below `/ari`, quoted already. Raises OSError, TimeoutError among them: Asterisk did not answer."""
        ...

    async def close(self) -> None: ...


class NoReply(OSError):
    """Asterisk is not there, hung up, or what it said is not HTTP."""


class HttpAriTransport:
    """See AriTransport. `address` is `http://host:port`; connections are made as requests need them."""

    def __init__(self, address: str, *, user: str, password: str, reply_within: float) -> None:
        """`reply_within`: seconds, those in which a request waits for its turn among them."""
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
        """A session can only be made where a loop runs."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=AT_ONCE, keepalive_timeout=KEPT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                timeout=self._reply_within,
            )
        return self._session

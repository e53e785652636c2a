"""News from PostgreSQL to the open pages: LISTEN on one channel, fan out to every browser that looks.

A browser gets topics, never rows: it asks for the part of the page that a topic touches, and that request
is checked like any other. Whoever may have missed something (the connection to PostgreSQL was lost) is
told to refresh the whole page.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
import structlog
from sqlalchemy import make_url

from callcenter.core.database import NOTICE_CHANNEL

LOST = "lost"
"""Topic: PostgreSQL is away, what the page shows may be old."""
REFRESH = "refresh"
"""Topic: something may have been missed, ask for everything again."""

_FIRST_WAIT = 0.25
_LONGEST_WAIT = 5.0
_SILENCE = 20.0
"""Seconds without a notice after which the connection is asked whether it still lives."""

log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class Subscription:
    """What one open page has not been told yet. Topics gather here, so a slow browser costs nothing."""

    _pending: dict[str, set[str]] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, topic: str, identifier: str = "") -> None:
        self._pending.setdefault(topic, set()).add(identifier)
        self._news.set()

    async def take(self, *, gather_seconds: float) -> dict[str, list[str]]:
        """The next news: topic -> identifiers. Waits for the first and `gather_seconds` more for its neighbours."""
        await self._news.wait()
        await asyncio.sleep(gather_seconds)
        self._news.clear()
        pending, self._pending = self._pending, {}
        return {topic: sorted(identifiers) for topic, identifiers in pending.items()}


class Live:
    """One listening connection for the whole process, kept up for as long as `run` runs."""

    def __init__(self, address: str) -> None:
        """`address` is a `postgresql+psycopg://` address, as Database takes it."""
        self._address = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
        self._subscriptions: set[Subscription] = set()
        self._told = secrets.randbelow(2**32)  # no mark of an earlier process is taken for one of ours
        self.connected = False

    @property
    def mark(self) -> str:
        """How far the news has come. A page made before one piece of news, and listening after it, has missed it."""
        return str(self._told)

    @property
    def pages(self) -> int:
        """How many open pages listen."""
        return len(self._subscriptions)

    @contextmanager
    def subscribe(self, *, mark: str = "") -> Iterator[Subscription]:
        """For one open page, made when the news had come to `mark`; empty when the page knows that it is old."""
        subscription = Subscription()
        if mark and mark != self.mark:
            subscription.put(REFRESH)
        self._subscriptions.add(subscription)
        if not self.connected:
            subscription.put(LOST)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    async def run(self) -> None:
        """Listens until cancelled; never raises because PostgreSQL is away."""
        wait = _FIRST_WAIT
        while True:
            try:
                async for payload in self._listen():
                    wait = _FIRST_WAIT
                    topic, _, identifier = payload.partition(":")
                    self._tell(topic, identifier)
            except (psycopg.Error, OSError) as error:
                if self.connected:
                    log.warning("desk.live.lost", error=type(error).__name__)
                    self.connected = False
                    self._tell(LOST)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _listen(self) -> AsyncIterator[str]:
        connection = await psycopg.AsyncConnection.connect(self._address, autocommit=True, connect_timeout=2)
        async with connection:
            await connection.execute(f"LISTEN {NOTICE_CHANNEL}")
            self.connected = True
            self._tell(REFRESH)
            while True:
                async for notice in connection.notifies(timeout=_SILENCE):
                    yield notice.payload
                await connection.execute("SELECT 1")

    def _tell(self, topic: str, identifier: str = "") -> None:
        self._told += 1
        for subscription in self._subscriptions:
            subscription.put(topic, identifier)

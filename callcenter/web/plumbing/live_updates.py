"""News from PostgreSQL to the open pages: LISTEN on one channel, fan out to every browser that looks.

A browser gets topics, never rows: it asks for the part of the page that a topic touches, and that request
is checked like any other. Only words that are just being said travel themselves, to pages that show their call: no row
holds them. Whoever may have missed something (the connection to PostgreSQL was lost) is
told to refresh the whole page.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
import structlog
from sqlalchemy import make_url

from callcenter.calls.live_speech import SPOKEN_CHANNEL
from callcenter.core.database import NOTICE_CHANNEL

LOST = "lost"
"""Topic: PostgreSQL is away, what the page shows may be old."""
REFRESH = "refresh"
"""Topic: something may have been missed, ask for everything again."""
ALARM = "alarm"
"""Topic that waits for nothing: a danger is told as soon as it is known."""
SPOKEN = "spoken"
"""Event, no topic: words that are being said in the call that the page shows, as `calls.spoken` puts them."""

_FIRST_BACKOFF = 0.25
_MAX_BACKOFF = 5.0
_KEEPALIVE_SECONDS = 20.0
"""Seconds without a notice after which the connection is asked whether it still lives."""

log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class Subscription:
    """What one open page has not been told yet. Topics gather here, so a slow browser costs nothing."""

    call_id: str = ""
    """The call whose words the page wants while they are being said."""
    _partial_results: dict[str, Any] = field(default_factory=dict)
    """By side the newest words."""
    _pending_topics: dict[str, set[str]] = field(default_factory=dict)
    _has_updates: asyncio.Event = field(default_factory=asyncio.Event)
    _alarm: asyncio.Event = field(default_factory=asyncio.Event)

    def add_topic(self, topic: str, identifier: str = "") -> None:
        self._pending_topics.setdefault(topic, set()).add(identifier)
        self._has_updates.set()
        if topic == ALARM:
            self._alarm.set()

    def set_partial_results(self, partial_results: Mapping[str, Any]) -> None:
        """Words are being said: by side, the newest replace the older."""
        self._partial_results.update(partial_results)
        self._has_updates.set()

    async def collect_events(self, *, coalesce_seconds: float) -> list[tuple[str, str]]:
        """The next events: topics with the identifiers they touch, words being said. Waits for the first and
        `coalesce_seconds` more for its neighbours."""
        await self._has_updates.wait()
        await self.wait_for_alarm(coalesce_seconds)
        self._has_updates.clear()
        self._alarm.clear()
        pending, self._pending_topics = self._pending_topics, {}
        spoken, self._partial_results = self._partial_results, {}
        events = [(SPOKEN, json.dumps(spoken, ensure_ascii=False))] if spoken else []
        return events + [(topic, " ".join(sorted(identifiers))) for topic, identifiers in pending.items()]

    async def wait_for_alarm(self, seconds: float) -> None:
        """Waits, but not on when there is an alarm."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._alarm.wait()


class UpdateBroadcaster:
    """One listening connection for the whole process, kept up for as long as `run` runs."""

    def __init__(self, address: str) -> None:
        """`address` is a `postgresql+psycopg://` address, as Database takes it."""
        self._address = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
        self._subscriptions: set[Subscription] = set()
        self._update_count = secrets.randbelow(2**32)  # no mark of an earlier process is taken for one of ours
        self.is_connected = False

    @property
    def last_update_id(self) -> str:
        """How far the news has come. A page made before one piece of news, and listening after it, has missed it."""
        return str(self._update_count)

    @property
    def open_page_count(self) -> int:
        """How many open pages listen."""
        return len(self._subscriptions)

    @contextmanager
    def subscribe(self, *, last_update_id: str = "", call_id: str = "") -> Iterator[Subscription]:
        """For one open page, made when the news had come to `last_update_id`; empty when the page knows that it is old.
        `call_id`: the call it shows, if it shows one that may go on."""
        subscription = Subscription(call_id)
        if last_update_id and last_update_id != self.last_update_id:
            subscription.add_topic(REFRESH)
        self._subscriptions.add(subscription)
        if not self.is_connected:
            subscription.add_topic(LOST)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    async def run(self) -> None:
        """Listens until cancelled; never raises because PostgreSQL is away."""
        wait = _FIRST_BACKOFF
        while True:
            try:
                async for notice in self._listen():
                    wait = _FIRST_BACKOFF
                    if notice.channel == SPOKEN_CHANNEL:
                        self._publish_partial_result(notice.payload)
                        continue
                    topic, _, identifier = notice.payload.partition(":")
                    self._publish_topic(topic, identifier)
            except (psycopg.Error, OSError) as error:
                if self.is_connected:
                    log.warning("desk.live.lost", error=type(error).__name__)
                    self.is_connected = False
                    self._publish_topic(LOST)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _MAX_BACKOFF)

    async def _listen(self) -> AsyncIterator[psycopg.Notify]:
        connection = await psycopg.AsyncConnection.connect(self._address, autocommit=True, connect_timeout=2)
        async with connection:
            await connection.execute(f"LISTEN {NOTICE_CHANNEL}")
            await connection.execute(f"LISTEN {SPOKEN_CHANNEL}")
            self.is_connected = True
            self._publish_topic(REFRESH)
            while True:
                async for notice in connection.notifies(timeout=_KEEPALIVE_SECONDS):
                    yield notice
                await connection.execute("SELECT 1")

    def _publish_topic(self, topic: str, identifier: str = "") -> None:
        self._update_count += 1
        for subscription in self._subscriptions:
            subscription.add_topic(topic, identifier)

    def _publish_partial_result(self, payload: str) -> None:
        call_id, _, said = payload.partition(" ")
        for subscription in self._subscriptions:
            if subscription.call_id == call_id:
                subscription.set_partial_results(json.loads(said))

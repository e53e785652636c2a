"""Forwards PostgreSQL notices to the open pages: one LISTEN connection, fanned out to all event streams (see `sse`).

A page receives topics, never rows: it then reloads the part that the topic names by an ordinary request with the
ordinary checks. Partial recognition results are the exception, because no row holds them: their text is sent to the
pages that show the call. A page that may have missed a notice (e.g. while PostgreSQL was unreachable) gets the topic
`refresh` and reloads all its parts.
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
"""Topic: PostgreSQL is unreachable, so the page may be out of date."""
REFRESH = "refresh"
"""Topic: notices may have been missed; the page reloads all its parts."""
ALARM = "alarm"
"""Topic that is sent at once, without coalescing or throttling, because it may report a danger."""
SPOKEN = "spoken"
"""Event, not a topic: partial results of the call that the page shows, as JSON in the format of `calls.live_speech`."""

_FIRST_BACKOFF = 0.25
_MAX_BACKOFF = 5.0
"""Seconds between two attempts to connect: doubled after each failure up to this maximum, reset by a notice."""
_KEEPALIVE_SECONDS = 20.0
"""Seconds without a notice after which a query checks that the connection is still up."""

log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class Subscription:
    """Pending events of one open page. Equal topics are merged, so a slow browser does not make a queue grow."""

    call_id: str = ""
    """The call whose partial results the page wants; empty for none."""
    _partial_results: dict[str, Any] = field(default_factory=dict)
    """The newest partial result of each speaker."""
    _pending_topics: dict[str, set[str]] = field(default_factory=dict)
    _has_updates: asyncio.Event = field(default_factory=asyncio.Event)
    _alarm: asyncio.Event = field(default_factory=asyncio.Event)

    def add_topic(self, topic: str, identifier: str = "") -> None:
        self._pending_topics.setdefault(topic, set()).add(identifier)
        self._has_updates.set()
        if topic == ALARM:
            self._alarm.set()

    def set_partial_results(self, partial_results: Mapping[str, Any]) -> None:
        """Stores partial results by speaker; a newer result replaces the older one."""
        self._partial_results.update(partial_results)
        self._has_updates.set()

    async def collect_events(self, *, coalesce_seconds: float) -> list[tuple[str, str]]:
        """Waits for an event, then `coalesce_seconds` more for others, and returns all as pairs (event name, data).

        The data of a topic are the identifiers of the changed rows, separated by spaces. An alarm ends the wait.
        """
        await self._has_updates.wait()
        await self.wait_for_alarm(coalesce_seconds)
        self._has_updates.clear()
        self._alarm.clear()
        pending, self._pending_topics = self._pending_topics, {}
        spoken, self._partial_results = self._partial_results, {}
        events = [(SPOKEN, json.dumps(spoken, ensure_ascii=False))] if spoken else []
        return events + [(topic, " ".join(sorted(identifiers))) for topic, identifiers in pending.items()]

    async def wait_for_alarm(self, seconds: float) -> None:
        """Waits for `seconds`; returns early when an alarm is pending."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._alarm.wait()


class UpdateBroadcaster:
    """Owns the process's only LISTEN connection; `run` keeps it up and publishes its notices to all subscriptions."""

    def __init__(self, address: str) -> None:
        """`address` is a `postgresql+psycopg://` URL, as for Database."""
        self._address = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
        self._subscriptions: set[Subscription] = set()
        self._update_count = secrets.randbelow(2**32)  # random, so that an id from an earlier process does not match
        self.is_connected = False

    @property
    def last_update_id(self) -> str:
        """Id of the newest published update. A page rendered at an older id has missed an update when it subscribes."""
        return str(self._update_count)

    @property
    def open_page_count(self) -> int:
        """Number of pages with an open event stream."""
        return len(self._subscriptions)

    @contextmanager
    def subscribe(self, *, last_update_id: str = "", call_id: str = "") -> Iterator[Subscription]:
        """Subscribes one open page for the duration of the context.

        `last_update_id` is the id at which the page was rendered: another id now adds REFRESH. It is empty when a page
        reconnects and reloads its parts anyway. `call_id` is the call whose partial results the page wants, if any.
        """
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
        """Listens until canceled. Reconnects when PostgreSQL is unreachable and does not raise."""
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

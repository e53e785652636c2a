"""Serves `/metrics`: the controller's counters, and values read from the database and the journal.

The server runs in a thread and asks the event loop for a database snapshot. If the loop is stuck or the database is
unavailable, the other metrics are still served.

A Prometheus counter must never decrease: a decrease looks like a restart, and the whole value is counted again. But the
outcome of a call may change later, so the counters by outcome and by recording fault keep their highest exported value.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from threading import Thread
from typing import TypeVar
from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from callcenter.calls.models import CallState, Outcome
from callcenter.calls.statistics import WaitTimes
from callcenter.core.clock import Clock
from callcenter.core.database import Database
from callcenter.journal.backlog import measure_backlog
from callcenter.measuring.counters import Counters
from callcenter.measuring.watcher import ANSWER_BOUNDS, FAULTS, LOOK_SECONDS, DatabaseSnapshot, DatabaseWatcher
from callcenter.queues.models import MemberState

log = structlog.get_logger()

State = TypeVar("State", bound=StrEnum)

LIVE = (CallState.IVR, CallState.QUEUED, CallState.TALKING)
"""States of a call in progress."""


class Metrics(Collector):
    """The metrics endpoint. `counters` is used by call handling; the other metrics need an open `serve`."""

    def __init__(self, database: Database, journal: Path, *, clock: Clock) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        self.counters = Counters(self._registry)
        self._watcher = DatabaseWatcher(database, clock=clock)
        self._journal = journal
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._highest: dict[tuple[str, str], int] = {}

    @asynccontextmanager
    async def serve(self, port: int) -> AsyncIterator[None]:
        """Serves on 127.0.0.1 at `port`; 0: not at all. A port in use is only logged, so that calls continue."""
        self._loop = asyncio.get_running_loop()
        served = self._listen(port) if port else None
        try:
            yield
        finally:
            if served is not None:
                server, thread = served
                await asyncio.to_thread(server.shutdown)
                server.server_close()
                thread.join()

    def _listen(self, port: int) -> tuple[WSGIServer, Thread] | None:
        try:
            return start_http_server(port, addr="127.0.0.1", registry=self._registry)
        except OSError as error:
            log.error("nobody can read the metrics", port=port, why=str(error))
            return None

    def collect(self) -> Iterator[Metric]:
        """Collects the metrics of one request. Runs in a thread of the HTTP server."""
        look = self._fetch_snapshot()
        yield _make_gauge(
            "database_away_seconds", "Since the database stopped answering.", self._watcher.unavailable_seconds
        )
        yield from self._collect_journal()
        if look is not None:
            yield from self._collect_calls(look)
            yield from self._collect_recordings(look)
            yield _make_state_gauge("members", "Members of the queue.", MemberState, look.members)

    def _fetch_snapshot(self) -> DatabaseSnapshot | None:
        if self._loop is None or self._loop.is_closed():
            return None
        asking = asyncio.run_coroutine_threadsafe(self._watcher.read_snapshot(), self._loop)
        try:
            return asking.result(timeout=2 * LOOK_SECONDS)
        except TimeoutError:
            asking.cancel()
            log.warning("the metrics wait for the event loop in vain")
        except Exception:
            log.exception("no look for the metrics")
        return None

    def _collect_journal(self) -> Iterator[Metric]:
        backlog = measure_backlog(self._journal, self._watcher.applied_position)
        age = (self._clock.now() - backlog.since).total_seconds() if backlog.since is not None else 0.0
        yield _make_gauge("journal_notes", "Notes that the database has not taken.", backlog.notes)
        yield _make_gauge("journal_age_seconds", "Age of the oldest of these notes.", max(0.0, age))

    def _collect_calls(self, look: DatabaseSnapshot) -> Iterator[Metric]:
        counts = {state: standing.count for state, standing in look.calls.items()}
        yield _make_state_gauge("calls", "Calls that go on.", LIVE, counts)
        queued = look.calls.get(CallState.QUEUED)
        since = queued.queued_since if queued is not None else None
        wait = (self._clock.now() - since).total_seconds() if since is not None else 0.0
        yield _make_gauge("queue_length", "Callers who wait for a person.", counts.get(CallState.QUEUED, 0))
        yield _make_gauge("queue_longest_wait_seconds", "Of those who wait now.", max(0.0, wait))
        yield self._make_counter_family(
            "calls_ended", "Calls that ended.", label="outcome", values=Outcome, counts=look.outcomes
        )
        yield _make_answer_histogram(look.waits)
        yield CounterMetricFamily(
            "callcenter_lease_ends", "Calls taken back by the dialplan at the end of their lease.", look.lease_ends
        )

    def _collect_recordings(self, look: DatabaseSnapshot) -> Iterator[Metric]:
        yield _make_gauge(
            "recordings_unfiled", "Calls that ended and whose recording is not in its place.", look.unfiled_recordings
        )
        yield self._make_counter_family(
            "recording_faults",
            "Recordings with something wrong.",
            label="kind",
            values=FAULTS,
            counts=look.faults_by_state,
        )

    def _make_counter_family(
        self, name: str, about: str, *, label: str, values: Iterable[State], counts: Mapping[State, int]
    ) -> Metric:
        family = CounterMetricFamily(f"callcenter_{name}", about, labels=[label])
        for value in values:
            key = name, value.value
            self._highest[key] = max(self._highest.get(key, 0), counts.get(value, 0))
            family.add_metric([value.value], self._highest[key])
        return family


def _make_gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"callcenter_{name}", about, value)


def _make_state_gauge(name: str, about: str, values: Iterable[State], counts: Mapping[State, int]) -> Metric:
    family = GaugeMetricFamily(f"callcenter_{name}", about, labels=["state"])
    for value in values:
        family.add_metric([value.value], counts.get(value, 0))
    return family


def _make_answer_histogram(waits: WaitTimes) -> Metric:
    buckets = [(str(bound), float(count)) for bound, count in zip(ANSWER_BOUNDS, waits.bucket_counts, strict=True)]
    return HistogramMetricFamily(
        "callcenter_answer_seconds",
        "From entering the queue until a person answered.",
        buckets=[*buckets, ("+Inf", float(waits.count))],
        sum_value=waits.total_seconds,
    )

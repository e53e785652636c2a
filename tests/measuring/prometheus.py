"""Reads `/metrics` over HTTP as Prometheus reads it."""

import socket

import httpx
from prometheus_client.parser import text_string_to_metric_families

from callcenter.measuring.watcher import KEPT_SECONDS
from tests.stand_ins.clock import FakeClock

Sample = tuple[str, frozenset[tuple[str, str]]]


class Prometheus:
    """Scrapes one port; `value("callcenter_calls", state="queued")` is a number of the last scrape, None without it."""

    def __init__(self, port: int, clock: FakeClock) -> None:
        self._address = f"http://127.0.0.1:{port}/metrics"
        self._clock = clock
        self.text = ""
        self._samples: dict[Sample, float] = {}

    async def scrapes(self, *, later: float = KEPT_SECONDS) -> None:
        self._clock.advance(seconds=later)
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(self._address, timeout=20)
        assert answer.status_code == 200
        self.text = answer.text
        self._samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float | None:
        return self._samples.get((f"callcenter_{name}", frozenset(labels.items())))


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

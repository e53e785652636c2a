"""The dashboard and the page about watching speak of metrics that exist, and leave none of ours out."""

import json
import re
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from callcenter.core.database import Database
from callcenter.measuring.metrics import Metrics
from callcenter.settings import TREE
from tests.measuring.prometheus import Prometheus, find_port
from tests.stand_ins.asterisk_files import AsteriskFiles
from tests.stand_ins.clock import FakeClock

DASHBOARD = TREE / "deploy" / "grafana-dashboard.json"
PAGE = TREE / "docs" / "watching.md"
_NAME = re.compile(r"\b(?:callcenter|process)_[a-z_]+")
_MATCHER = re.compile(r"\b(callcenter_[a-z_]+)\{(\w+)=\"([^\"]*)\"")
_PARTS = re.compile(r"_(bucket|sum|count)$")


def expressions() -> Iterator[str]:
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]


@pytest.fixture
async def told(database: Database, files: AsteriskFiles, clock: FakeClock) -> dict[str, set[tuple[str, str]]]:
    """Every sample of `/metrics` by name, with the labels it comes with."""
    port = find_port()
    prometheus = Prometheus(port, clock)
    async with Metrics(database, files.journal, clock=clock).serve(port):
        await prometheus.scrapes()
    samples: dict[str, set[tuple[str, str]]] = {}
    for family in text_string_to_metric_families(prometheus.text):
        for sample in family.samples:
            samples.setdefault(sample.name, set()).update(sample.labels.items())
    return samples


def test_what_the_dashboard_shows_is_told(told: dict[str, set[tuple[str, str]]]) -> None:
    shown = set(_NAME.findall("\n".join(expressions())))
    assert shown <= told.keys()
    for name, label, value in _MATCHER.findall("\n".join(expressions())):
        assert (label, value) in told[name], f"{name} has no {label}={value}"


def test_the_page_and_the_dashboard_leave_none_of_ours_out(told: dict[str, set[tuple[str, str]]]) -> None:
    ours = {_PARTS.sub("", name) for name in told if name.startswith("callcenter_")}
    page = {_PARTS.sub("", name) for name in re.findall(r"callcenter_[a-z_]+", PAGE.read_text(encoding="utf-8"))}
    shown = {_PARTS.sub("", name) for name in _NAME.findall("\n".join(expressions()))}
    assert page == ours
    assert {name for name in shown if name.startswith("callcenter_")} == ours


def test_states_on_the_dashboard_have_russian_words(told: dict[str, set[tuple[str, str]]]) -> None:
    renamed = {
        override["matcher"]["options"]
        for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
        for override in panel.get("fieldConfig", {}).get("overrides", ())
    }
    labels = {value for pairs in told.values() for label, value in pairs if label in ("state", "outcome", "kind")}
    assert renamed == labels

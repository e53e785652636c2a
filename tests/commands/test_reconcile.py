"""`callcenter reconcile`: exit 0 with a centre in order, 1 with an orphan, 1 when something cannot be asked."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from callcenter.__main__ import main
from callcenter.commands import reconcile
from callcenter.instance.instance import Instance
from callcenter.instance.secrets import ensure_secrets
from callcenter.layout import Layout
from callcenter.operations.postgres import PostgresCluster
from callcenter.settings import RecordingSettings, Settings
from tests.conftest import TEMPLATE, TEST_PORTS, administrate

CHANNEL = {
    "id": "b1-99.1",
    "name": "PJSIP/trunk-000000ff",
    "creationtime": "2020-11-24T09:00:00.000+0300",
    "dialplan": {"context": "inbound"},
}


class Answers(ThreadingHTTPServer):
    """Asterisk as far as it is asked here: two lists."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.lists: dict[str, list[dict[str, Any]]] = {"/ari/channels": [], "/ari/bridges": []}


class _Answer(BaseHTTPRequestHandler):
    server: Answers

    def do_GET(self) -> None:
        known = self.path in self.server.lists
        body = json.dumps(self.server.lists.get(self.path)).encode()
        self.send_response(200 if known else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the test looks at what the command prints."""


@pytest.fixture
def asterisk() -> Iterator[Answers]:
    with Answers() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def centre(
    cluster: PostgresCluster, tests_layout: Layout, asterisk: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """An instance whose PostgreSQL is the tests' own and whose Asterisk only answers."""
    instance = Instance(
        settings=Settings(recordings=RecordingSettings(directory=tmp_path)),
        layout=tests_layout,
        ports=replace(TEST_PORTS, asterisk_http=asterisk.server_port),
        secrets=ensure_secrets(tests_layout, dispatchers=1),
    )
    monkeypatch.setattr(reconcile, "open_instance", lambda: instance)
    administrate(cluster, f"CREATE DATABASE callcenter TEMPLATE {TEMPLATE}")
    yield
    cluster.drop_database("callcenter")


def test_a_centre_in_order_gives_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reconcile"]) == 0
    assert capsys.readouterr().out == "Everything belongs to something: no orphans.\n"


def test_every_orphan_is_printed_and_gives_one(asterisk: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    asterisk.lists["/ari/channels"] = [CHANNEL]
    asterisk.lists["/ari/bridges"] = [{"id": "bridge-1", "channels": [], "creationtime": CHANNEL["creationtime"]}]
    assert main(["reconcile"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "bridge bridge-1: holds 0 channel(s): nobody talks in it",
        "channel b1-99.1: PJSIP/trunk-000000ff in [inbound] belongs to no running call",
    ]


def test_an_asterisk_that_is_silent_gives_one(asterisk: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    asterisk.lists.clear()  # it answers nothing any more
    assert main(["reconcile"]) == 1
    assert "is the centre running?" in capsys.readouterr().err

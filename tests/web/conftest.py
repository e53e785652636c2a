"""A desk over a real database that holds the town: in-process for pages, on a real socket for streams and browsers.

The town is settled once; every test gets a copy of its own.
"""

import asyncio
import itertools
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI

from callcenter.core.clock import Clock
from callcenter.core.database import Database
from callcenter.operations.postgres import PostgresCluster
from callcenter.settings import Settings
from callcenter.web.app import create_app
from tests.conftest import TEMPLATE, administrate
from tests.stand_ins.clock import MORNING, FakeClock
from tests.stand_ins.studio import PaperStudio
from tests.web.desk_client import ORIGIN, Visit
from tests.web.sample_calls import settle_afternoon
from tests.web.sample_centre import ANNA, DIRECTOR, Person, settle_people, settle_phones, town_categories

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Town:
    """A database to copy from, and the recordings its rows name."""

    template: str
    recordings: Path
    shared: str
    """The address of one more copy, for tests that only read."""
    quiet: str
    """The address of one where nobody has called yet; to read only, too."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def town(cluster: PostgresCluster, tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town("town", tmp_path_factory.mktemp("town"), cluster.address("town_to_read"), cluster.address("town_quiet"))
    administrate(cluster, f"CREATE DATABASE {town.template} TEMPLATE {TEMPLATE}")
    database = Database(cluster.address(town.template))
    async with database.begin() as session:
        await settle_people(session, now=MORNING)
    await database.close()
    administrate(cluster, f"CREATE DATABASE town_quiet TEMPLATE {town.template}")
    async with database.begin() as session:
        await settle_phones(session, now=MORNING)
        await settle_afternoon(session, town.recordings, now=MORNING)
    await database.close()
    administrate(cluster, f"CREATE DATABASE town_to_read TEMPLATE {town.template}")
    return town


@pytest.fixture
def database_address(cluster: PostgresCluster, town: Town) -> Iterator[str]:
    """A copy of the town for one test."""
    name = f"town_{next(_numbers)}"
    administrate(cluster, f"CREATE DATABASE {name} TEMPLATE {town.template}")
    yield cluster.address(name)
    cluster.drop_database(name)


@pytest.fixture
def recordings(tmp_path: Path, town: Town) -> Path:
    return Path(shutil.copytree(town.recordings, tmp_path / "recordings", copy_function=os.link))


def build_desk(database: Database, recordings: Path, clock: Clock) -> FastAPI:
    return create_app(
        database=database,
        settings=Settings(),
        recordings_directory=recordings,
        clock=clock,
        categories=town_categories(),
        prompt_recordings=PaperStudio(),
        find_dangers=lambda text: ["пахнет газом"] if "пахнет газом" in text else [],
    )


@pytest.fixture
def desk(database: Database, recordings: Path, clock: FakeClock) -> FastAPI:
    return build_desk(database, recordings, clock)


@pytest.fixture
async def open_browser(desk: FastAPI) -> AsyncIterator[Callable[[], Visit]]:
    """Makes visits to the desk, each with cookies of its own."""
    visits: list[Visit] = []

    def open_one() -> Visit:
        transport = httpx.ASGITransport(app=desk, raise_app_exceptions=False)
        visits.append(Visit(transport=transport, base_url=ORIGIN))
        return visits[-1]

    yield open_one
    for visit in visits:
        await visit.aclose()


@pytest.fixture
def stranger(open_browser: Callable[[], Visit]) -> Visit:
    return open_browser()


@pytest.fixture
def visit_as(open_browser: Callable[[], Visit]) -> Callable[[Person], Visit]:
    """The visit of somebody who has signed in already."""

    def visit(person: Person) -> Visit:
        visit = open_browser()
        visit.resume(person)
        return visit

    return visit


@pytest.fixture
def anna(visit_as: Callable[[Person], Visit]) -> Visit:
    return visit_as(ANNA)


@pytest.fixture
def director(visit_as: Callable[[Person], Visit]) -> Visit:
    return visit_as(DIRECTOR)


@asynccontextmanager
async def _reading(address: str, recordings: Path, clock: Clock) -> AsyncIterator[Visit]:
    database = Database(address)
    desk = build_desk(database, recordings, clock)
    async with Visit(transport=httpx.ASGITransport(app=desk, raise_app_exceptions=False), base_url=ORIGIN) as visit:
        visit.resume(ANNA)
        yield visit
    await database.close()


@pytest.fixture
async def reader(town: Town, recordings: Path, clock: FakeClock) -> AsyncIterator[Visit]:
    """Anna, who only looks: at the copy of the town that all such tests share."""
    async with _reading(town.shared, recordings, clock) as visit:
        yield visit


@pytest.fixture
async def quiet_reader(town: Town, recordings: Path, clock: FakeClock) -> AsyncIterator[Visit]:
    """The same, in a centre where nobody has called yet."""
    async with _reading(town.quiet, recordings, clock) as visit:
        yield visit


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@asynccontextmanager
async def serve_desk(app: FastAPI, *, port: int = 0) -> AsyncIterator[str]:
    """Serves on a loopback port, by default a free one, and hears news; yields the address."""
    server = _Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1))
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve([listening]))
            await server.listening.wait()
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            async with httpx.AsyncClient(base_url=address) as client:
                while not (await client.get("/healthz")).json()["live"]:
                    pass
            yield address
            server.should_exit = True
            await serving


@pytest.fixture
async def served(desk: FastAPI) -> AsyncIterator[str]:
    """The address of the desk behind a real socket."""
    async with serve_desk(desk) as address:
        yield address

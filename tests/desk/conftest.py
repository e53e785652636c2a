"""A desk over a real database: in-process for pages, and on a real socket for streams and browsers."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from callcenter.core.clock import Clock, SystemClock
from callcenter.core.database import Database
from callcenter.desk.app import create_app
from callcenter.settings import Settings
from tests.desk.town import ANNA, settle_afternoon, settle_people, town_categories
from tests.desk.visit import ORIGIN, Visit
from tests.stand_ins.clock import FakeClock


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    directory = tmp_path / "recordings"
    directory.mkdir()
    return directory


@pytest.fixture
async def people(database: Database, clock: FakeClock) -> None:
    async with database.begin() as session:
        await settle_people(session, now=clock.now())


@pytest.fixture
async def afternoon(database: Database, clock: FakeClock, recordings: Path, people: None) -> None:
    async with database.begin() as session:
        await settle_afternoon(session, recordings, now=clock.now())


def build_desk(database: Database, recordings: Path, clock: Clock) -> FastAPI:
    return create_app(
        database=database,
        settings=Settings(),
        recordings_directory=recordings,
        clock=clock,
        categories=town_categories(),
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
async def anna(open_browser: Callable[[], Visit], people: None) -> Visit:
    visit = open_browser()
    await visit.sign_in(ANNA)
    return visit


@pytest.fixture
async def served(database: Database, recordings: Path) -> AsyncIterator[str]:
    """The address of a desk served by uvicorn on a free loopback port, with the machine's own clock."""
    app = build_desk(database, recordings, SystemClock())
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1))
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve([listening]))
            while not server.started:
                await asyncio.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            server.should_exit = True
            await serving

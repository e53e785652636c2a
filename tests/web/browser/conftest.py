"""A real Chromium before a real desk. One browser for all tests, so they all live in the session's event loop."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import Browser, Page

from callcenter.core.database import Database
from callcenter.web.plumbing.current_user import SESSION_COOKIE
from tests.stand_ins.clock import FakeClock
from tests.web.browser.chromium import PATIENCE, Watch, open_chromium
from tests.web.conftest import build_desk, serve_desk
from tests.web.sample_centre import ANNA, Person

OpenPage = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with open_chromium() as browser:
        yield browser


class Place:
    """A desk with a database of its own that may be stopped and started at the same address."""

    def __init__(self, address: str, recordings: Path, clock: FakeClock) -> None:
        self.database = Database(address)
        self.recordings = recordings
        self._desk: Callable[[], FastAPI] = lambda: build_desk(self.database, recordings, clock)
        self._running = AsyncExitStack()
        self.origin = ""

    async def start(self) -> None:
        port = urlsplit(self.origin).port or 0
        self.origin = await self._running.enter_async_context(serve_desk(self._desk(), port=port))

    async def stop(self) -> None:
        await self._running.aclose()


@pytest_asyncio.fixture(loop_scope="session")
async def place(database_address: str, recordings: Path, clock: FakeClock) -> AsyncIterator[Place]:
    place = Place(database_address, recordings, clock)
    await place.start()
    yield place
    await place.stop()
    await place.database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(chromium: Browser, place: Place) -> AsyncIterator[OpenPage]:
    """Opens pages of the desk. Afterwards: not one error in a console, not one request to another site.

    `expecting` are words of console errors that the test itself provokes.
    """
    watch = Watch()
    async with AsyncExitStack() as contexts:

        async def open_one(
            path: str = "/",
            *,
            person: Person | None = ANNA,
            width: int = 1440,
            height: int = 900,
            expecting: tuple[str, ...] = (),
        ) -> Page:
            context = await chromium.new_context(viewport={"width": width, "height": height}, locale="ru-RU")
            contexts.push_async_callback(context.close)
            if person is not None:
                await context.add_cookies([{"name": SESSION_COOKIE, "value": person.token, "url": place.origin}])
            page = await context.new_page()
            page.set_default_timeout(PATIENCE)
            watch.expected.extend(expecting)
            watch.over(page)
            await page.goto(place.origin + path)
            return page

        yield open_one
    watch.end(place.origin)

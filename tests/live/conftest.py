"""The centre that all live tests call, and the order in which they run."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from callcenter.core.database import Database
from tests.live.running_centre import RunningCentre
from tests.live.town import Town

ORDER = ("test_calls.py", "test_callers.py", "test_script.py", "test_strangers.py", "test_demo.py")
"""First, beside the demo, what needs no dispatcher and kills nothing."""
LAST = "test_left_behind.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the live tests in their order; the others stay where they are."""
    places = [place for place, item in enumerate(items) if item.path.parent == Path(__file__).parent]
    ordered = sorted((items[place] for place in places), key=lambda item: _rank(item.path.name))
    for place, item in zip(places, ordered, strict=True):
        items[place] = item


def _rank(name: str) -> int:
    if name == LAST:
        return len(ORDER) + 1
    return ORDER.index(name) if name in ORDER else len(ORDER)


@pytest.fixture(scope="session")
def running_centre() -> Iterator[RunningCentre]:
    centre = RunningCentre()
    try:
        centre.run()
        yield centre
        if centre.ledger.entries:  # test_left_behind was not among the tests
            centre.mend()
            complaints = asyncio.run(settle(centre))
            assert not complaints, "\n".join(complaints)
    finally:
        centre.stop()


@pytest.fixture(scope="session")
def demo(running_centre: RunningCentre) -> Iterator["subprocess.Popen[str]"]:
    """`callcenter demo --json`, started when it is first asked for."""
    with running_centre.begin("demo", "--json") as process:
        yield process
        process.kill()


@pytest.fixture
def centre(running_centre: RunningCentre) -> Iterator[RunningCentre]:
    """The running centre; whatever a failed test left frozen or dead runs again."""
    yield running_centre
    running_centre.mend()


@pytest.fixture
async def database(centre: RunningCentre) -> AsyncIterator[Database]:
    database = Database(centre.cluster.address())
    yield database
    await database.close()


@pytest.fixture
async def town(centre: RunningCentre, database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    async with Town(centre, database, test=request.node.name) as town:
        yield town


async def settle(centre: RunningCentre) -> list[str]:
    database = Database(centre.cluster.address())
    try:
        return await centre.ledger.settle(database)
    finally:
        await database.close()

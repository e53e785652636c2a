"""The centre that all live tests call, and the order in which they run."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from callcenter.core.database import Database
from tests.live.left_behind import find_left_behind
from tests.live.running_centre import RunningCentre
from tests.live.town import Town

HERE = Path(__file__).parent
LONGEST_FIRST = (
    *("test_database.py", "test_spoken_calls.py", "test_crashes.py", "test_faults.py", "test_demo.py"),
    *("test_queue.py", "test_speech.py", "test_recordings.py", "test_callers.py", "test_strangers.py"),
)
"""Each file is one worker's; the short ones fill up what is left at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the live tests behind the others, in their order.

    Last come those of other rooms, which need no running centre: meanwhile its last calls grow old enough to be judged.
    """
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    if item.get_closest_marker("live") is None:
        return 0
    if item.path.parent != HERE:
        return len(LONGEST_FIRST) + 2
    return 1 + (LONGEST_FIRST.index(item.path.name) if item.path.name in LONGEST_FIRST else len(LONGEST_FIRST))


@pytest.fixture(scope="session")
def running_centre() -> Iterator[RunningCentre]:
    """One a worker; in the end nothing may be left behind in it."""
    centre = RunningCentre()
    try:
        centre.run()
        yield centre
        centre.mend()
        complaints = asyncio.run(find_left_behind(centre))
        assert not complaints, "\n".join(complaints)
    finally:
        centre.stop()


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

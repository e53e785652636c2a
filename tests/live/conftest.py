"""The centre that all live tests call, and the order in which they run."""

from collections.abc import AsyncIterator, Iterator

import pytest

from callcenter.core.database import Database
from tests.live.running_centre import RunningCentre
from tests.live.town import Town


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The look at what all the others left behind comes last."""
    items.sort(key=lambda item: item.path.name == "test_left_behind.py" and item.path.parent.name == "live")


@pytest.fixture(scope="session")
def running_centre() -> Iterator[RunningCentre]:
    centre = RunningCentre()
    try:
        centre.run()
        yield centre
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
async def town(centre: RunningCentre, database: Database) -> AsyncIterator[Town]:
    async with Town(centre, database) as town:
        yield town

"""The example company's list of houses, read once; a room's conftest takes it."""

import pytest

from callcenter.houses.houses import Houses, read_houses
from callcenter.settings import TREE

HOUSES = TREE / "knowledge_base" / "houses.csv"


@pytest.fixture(scope="session")
def houses() -> Houses:
    listed, problems = read_houses(HOUSES)
    assert problems == []
    return listed

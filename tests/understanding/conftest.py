"""The example company's houses, made ready once."""

from pathlib import Path

import pytest

from callcenter.understanding.address_book import AddressBook
from callcenter.understanding.houses import Houses, read_houses

HOUSES = Path(__file__).parents[2] / "knowledge_base" / "houses.csv"


@pytest.fixture(scope="session")
def houses() -> Houses:
    listed, problems = read_houses(HOUSES)
    assert problems == []
    return listed


@pytest.fixture(scope="session")
def book(houses: Houses) -> AddressBook:
    return AddressBook(houses)

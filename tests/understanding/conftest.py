"""The example company's houses, made ready once."""

from pathlib import Path

import pytest

from callcenter.houses.houses import Houses, read_houses
from callcenter.understanding.address.address_book import AddressBook

HOUSES = Path(__file__).parents[2] / "knowledge_base" / "houses.csv"


@pytest.fixture(scope="session")
def houses() -> Houses:
    listed, problems = read_houses(HOUSES)
    assert problems == []
    return listed


@pytest.fixture(scope="session")
def book(houses: Houses) -> AddressBook:
    return AddressBook(houses)

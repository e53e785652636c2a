"""The example company's houses, made ready once."""

import pytest

from callcenter.houses.houses import Houses
from callcenter.understanding.address.address_book import AddressBook
from tests.houses.example_list import houses

__all__ = ["houses"]


@pytest.fixture(scope="session")
def book(houses: Houses) -> AddressBook:
    return AddressBook(houses)

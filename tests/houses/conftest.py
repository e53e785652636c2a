"""The example company's houses."""

from tests.houses.example_list import houses

__all__ = ["houses"]

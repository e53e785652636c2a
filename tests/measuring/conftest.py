"""A stand-in Asterisk and its calls."""

from tests.stand_ins.centre_fixtures import asterisk

__all__ = ["asterisk"]

"""A stand-in Asterisk, whose calls are logged."""

from tests.stand_ins.centre_fixtures import asterisk

__all__ = ["asterisk"]

"""A stand-in Asterisk and a small centre that answers its calls."""

from tests.stand_ins.centre_fixtures import asterisk, caller, centre

__all__ = ["asterisk", "caller", "centre"]

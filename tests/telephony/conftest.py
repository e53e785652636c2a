"""A stand-in Asterisk and a small centre that answers its calls."""

from tests.stand_ins.centre_fixtures import asterisk, caller, centre, plain_logs

__all__ = ["asterisk", "caller", "centre", "plain_logs"]

"""Errors of alarms. The docstring is the message shown to people."""

from callcenter.core.errors import CallcenterError


class AlarmNotFound(CallcenterError):
    """Такой тревоги нет."""

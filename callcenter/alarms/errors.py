"""What can go wrong with an alarm."""

from callcenter.core.errors import CallcenterError


class AlarmNotFound(CallcenterError):
    """Такой тревоги нет."""

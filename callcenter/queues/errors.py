"""Errors of queue members. The docstrings are the messages shown to the dispatcher."""

from callcenter.core.errors import CallcenterError


class MemberNotFound(CallcenterError):
    """Такого участника очереди нет."""

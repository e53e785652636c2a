"""Errors of tickets. The docstrings are the messages shown to the dispatcher."""

from callcenter.core.errors import CallcenterError


class TicketNotFound(CallcenterError):
    """Такой заявки нет."""


class TicketSettled(CallcenterError):
    """С этой заявкой больше ничего сделать нельзя."""

"""What can go wrong with a ticket; the messages are for the dispatcher."""

from callcenter.core.errors import CallcenterError


class TicketNotFound(CallcenterError):
    """Такой заявки нет."""


class TicketSettled(CallcenterError):
    """С этой заявкой больше ничего сделать нельзя."""

"""What can go wrong with a ticket; the messages are for the dispatcher."""

from callcenter.core.errors import CallcenterError


class TicketNotFound(CallcenterError):
    """Такой заявки нет."""

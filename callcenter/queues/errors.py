"""What can go wrong with members; the messages are for the dispatcher."""

from callcenter.core.errors import CallcenterError


class MemberNotFound(CallcenterError):
    """Такого участника очереди нет."""

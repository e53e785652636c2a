"""Exceptions of the softphone."""

from callcenter.core.errors import CallcenterError


class SoftphoneError(CallcenterError):
    """The softphone could not do what was asked."""


class MalformedMessage(SoftphoneError):
    """The datagram is not a SIP message."""


class NoReply(SoftphoneError):
    """The other side did not answer a request within 32 seconds."""


class Refused(SoftphoneError):
    """The other side refused a request with status `status`."""

    def __init__(self, status: int, reason: str, *, asked: str) -> None:
        super().__init__(f"{asked}: {status} {reason}")
        self.status = status
        self.reason = reason


class NotHeard(SoftphoneError):
    """An expected prompt or tone was not heard in time."""

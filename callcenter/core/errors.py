"""The base class of this project's exceptions, and two failures common to all packages.

The docstring of an exception class is its default message.
"""


class CallcenterError(Exception):
    """Something went wrong in the call centre."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class DatabaseUnavailable(CallcenterError):
    """The database does not answer."""


class AsteriskUnavailable(CallcenterError):
    """Asterisk does not answer; is the centre running? (callcenter run)"""

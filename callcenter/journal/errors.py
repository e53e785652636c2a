"""Exceptions of the journal."""

from callcenter.core.errors import CallcenterError


class JournalInUse(CallcenterError):
    """Another controller is writing this journal."""

"""Errors of call records. The docstrings are the messages shown to people."""

from callcenter.core.errors import CallcenterError


class CallNotFound(CallcenterError):
    """Такого звонка нет."""


class RecordingNotOnDisk(CallcenterError):
    """Файла записи нет на диске."""

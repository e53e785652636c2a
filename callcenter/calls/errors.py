"""What can go wrong with the record of a call."""

from callcenter.core.errors import CallcenterError


class CallNotFound(CallcenterError):
    """Такого звонка нет."""


class RecordingNotOnDisk(CallcenterError):
    """Файла записи нет на диске."""

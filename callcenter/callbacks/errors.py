"""Errors of callbacks. The docstrings are the messages shown to the dispatcher."""

from callcenter.core.errors import CallcenterError


class CallbackNotFound(CallcenterError):
    """Такого обратного звонка нет."""


class CallbackTaken(CallcenterError):
    """Этот обратный звонок уже взял другой диспетчер."""


class CallbackDone(CallcenterError):
    """По этому звонку уже перезвонили."""

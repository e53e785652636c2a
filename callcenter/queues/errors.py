"""What can go wrong with tasks and members; the messages are for the dispatcher."""

from callcenter.core.errors import CallcenterError


class TaskNotFound(CallcenterError):
    """Такой задачи нет."""


class TaskTaken(CallcenterError):
    """Задачу уже взял другой диспетчер."""


class TaskDone(CallcenterError):
    """Задача уже выполнена."""


class MemberNotFound(CallcenterError):
    """Такого участника очереди нет."""

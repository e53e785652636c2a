"""What can go wrong with a question; the message is for its owner."""

from callcenter.core.errors import CallcenterError


class QuestionNotFound(CallcenterError):
    """Такого вопроса нет."""

"""Errors of unanswered questions. The docstring is the message shown to the owner of the knowledge base."""

from callcenter.core.errors import CallcenterError


class QuestionNotFound(CallcenterError):
    """Такого вопроса нет."""

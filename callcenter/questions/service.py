"""Keeping questions and being done with them. Nothing here commits."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.core.database import notify
from callcenter.questions.errors import QuestionNotFound
from callcenter.questions.models import UnansweredQuestion


async def keep_question(
    session: AsyncSession, question_id: str, *, call_id: str, asked_at: datetime, text: str, article: str | None
) -> None:
    """Writes a question down; one that is there already changes nothing."""
    values = {"id": question_id, "call_id": call_id, "asked_at": asked_at, "text": text, "article": article}
    added = await session.execute(
        insert(UnansweredQuestion).values(**values).on_conflict_do_nothing().returning(UnansweredQuestion.id)
    )
    if added.first() is not None:
        await notify(session, "question", question_id)


async def settle_question(session: AsyncSession, question_id: str, *, by: str, now: datetime) -> None:
    """The owner has answered it, or there is nothing to answer. A second time changes nothing.

    Raises QuestionNotFound.
    """
    question = await session.get(UnansweredQuestion, question_id, with_for_update=True)
    if question is None:
        raise QuestionNotFound
    if question.settled_at is None:
        question.settled_at, question.settled_by = now, by
        await session.flush()
        await notify(session, "question", question_id)

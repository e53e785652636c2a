"""Stores and settles unanswered questions. Nothing here commits."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.companies.service import company_of_call
from callcenter.core.database import notify
from callcenter.questions.errors import QuestionNotFound
from callcenter.questions.models import UnansweredQuestion
from callcenter.questions.views import find_wording
from callcenter.understanding.intents.questions import is_same_question, list_content_lemmas


async def keep_question(
    session: AsyncSession, question_id: str, *, call_id: str, asked_at: datetime, text: str, article: str | None
) -> None:
    """Stores a question. Idempotent by `question_id`.

    A question repeated in the same call is stored once, in the wording with the most content words.
    """
    of_call = select(UnansweredQuestion).where(UnansweredQuestion.call_id == call_id).with_for_update()
    for before in (await session.scalars(of_call)).all():
        if before.id == question_id:
            return
        if _is_same(before, text=text, article=article):
            if len(list_content_lemmas(text)) > len(list_content_lemmas(before.text)):
                before.text = text
                await session.flush()
                await notify(session, "question", before.id)
            return
    values = {
        "id": question_id,
        "company_id": company_of_call(call_id),
        "call_id": call_id,
        "asked_at": asked_at,
        "text": text,
        "article": article,
    }
    added = await session.execute(
        insert(UnansweredQuestion).values(**values).on_conflict_do_nothing().returning(UnansweredQuestion.id)
    )
    if added.first() is not None:
        await notify(session, "question", question_id)


async def settle_question(session: AsyncSession, question_id: str, *, company_id: int, by: str, now: datetime) -> None:
    """Settles a question and all open questions of the same wording (see `find_wording`). Idempotent.

    Called when the owner has answered the question or found nothing to answer. Raises QuestionNotFound, also for
    another company's question.
    """
    question = await session.get(UnansweredQuestion, question_id, with_for_update=True)
    if question is None or question.company_id != company_id:
        raise QuestionNotFound
    if question.settled_at is not None:
        return
    for one in await find_wording(session, question):
        one.settled_at, one.settled_by = now, by
    await session.flush()
    await notify(session, "question", question_id)


def _is_same(before: UnansweredQuestion, *, text: str, article: str | None) -> bool:
    """Whether a question repeats an earlier one of the same call."""
    if article or before.article:
        return article == before.article
    return is_same_question(before.text, text)

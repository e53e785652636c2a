"""Queries about unanswered questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.questions.models import UnansweredQuestion
from callcenter.understanding.intents.questions import list_content_lemmas

_QuestionKey = tuple[str | None, frozenset[str]]


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """Questions with the same article and lemmas, in any order. All fields but `call_count` are of the newest one."""

    id: str
    call_id: str
    asked_at: datetime
    text: str
    article: str | None
    call_count: int
    """Number of stored questions in the group; a repetition within a call is stored once."""


async def open_questions(session: AsyncSession, company_id: int, *, limit: int = 1000) -> Sequence[OpenQuestion]:
    """Groups of a company's `limit` newest open questions: the most frequent first, then the newest."""
    query = (
        select(UnansweredQuestion)
        .where(UnansweredQuestion.company_id == company_id, UnansweredQuestion.settled_at.is_(None))
        .order_by(UnansweredQuestion.asked_at.desc(), UnansweredQuestion.id)
        .limit(limit)
    )
    asked: dict[_QuestionKey, list[UnansweredQuestion]] = {}
    for question in await session.scalars(query):
        asked.setdefault(_question_key(question), []).append(question)
    found = [
        OpenQuestion(one.id, one.call_id, one.asked_at, one.text, one.article, len(same))
        for same in asked.values()
        for one in same[:1]
    ]
    return sorted(found, key=lambda question: -question.call_count)


async def find_wording(session: AsyncSession, question: UnansweredQuestion) -> Sequence[UnansweredQuestion]:
    """Locks and returns the open questions of the same wording (same article, same lemmas), including this one."""
    query = (
        select(UnansweredQuestion)
        .where(
            UnansweredQuestion.company_id == question.company_id,
            UnansweredQuestion.settled_at.is_(None),
            UnansweredQuestion.article.is_not_distinct_from(question.article),
        )
        .order_by(UnansweredQuestion.id)
        .with_for_update()
    )
    return [one for one in await session.scalars(query) if _question_key(one) == _question_key(question)]


def _question_key(question: UnansweredQuestion) -> _QuestionKey:
    return question.article, list_content_lemmas(question.text)

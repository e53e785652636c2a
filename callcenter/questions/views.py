"""What may be asked about questions without an answer."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.questions.models import UnansweredQuestion


async def open_questions(session: AsyncSession, *, limit: int = 200) -> Sequence[UnansweredQuestion]:
    """Those nobody is done with, the newest first."""
    query = (
        select(UnansweredQuestion)
        .where(UnansweredQuestion.settled_at.is_(None))
        .order_by(UnansweredQuestion.asked_at.desc(), UnansweredQuestion.id)
        .limit(limit)
    )
    return (await session.scalars(query)).all()

"""A question the robot had no answer for waits for the knowledge base's owner until they are done with it."""

from datetime import timedelta

import pytest

from callcenter.core.database import Database
from callcenter.intake.bookkeeping import Bookkeeper
from callcenter.intake.notes import Note
from callcenter.questions.errors import QuestionNotFound
from callcenter.questions.service import settle_question
from callcenter.questions.views import open_questions
from tests.stand_ins.clock import MORNING

CALL = "b1-17.7"


async def ask(database: Database, bookkeeper: Bookkeeper, note: str, *, minute: int = 0, **facts: str) -> None:
    async with database.begin() as session:
        at = MORNING + timedelta(minutes=minute)
        await bookkeeper.apply(session, Note(note, CALL, at, "unanswered", dict(facts)))


async def waiting(database: Database) -> list[tuple[str, str | None]]:
    async with database.begin() as session:
        return [(question.text, question.article) for question in await open_questions(session)]


async def test_the_newest_question_stands_first_and_none_stands_twice(
    database: Database, bookkeeper: Bookkeeper
) -> None:
    await ask(database, bookkeeper, "n1", text="где купить подъёмник")
    for _ in range(2):
        await ask(database, bookkeeper, "n2", minute=1, text="как стать старшим по дому", article="KB38")
    assert await waiting(database) == [("как стать старшим по дому", "KB38"), ("где купить подъёмник", None)]


async def test_whoever_is_done_with_it_has_it_off_the_list(database: Database, bookkeeper: Bookkeeper) -> None:
    await ask(database, bookkeeper, "n1", text="где купить подъёмник")
    for hour in (1, 2):
        async with database.begin() as session:
            await settle_question(session, "n1", by="director", now=MORNING + timedelta(hours=hour))
    assert await waiting(database) == []
    async with database.begin() as session:
        with pytest.raises(QuestionNotFound):
            await settle_question(session, "n9", by="director", now=MORNING)

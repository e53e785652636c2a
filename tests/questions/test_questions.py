"""A question the robot had no answer for waits for the knowledge base's owner until they are done with it."""

from datetime import timedelta

import pytest

from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.intake.note_applier import NoteApplier
from callcenter.journal.notes import Note
from callcenter.questions.errors import QuestionNotFound
from callcenter.questions.service import settle_question
from callcenter.questions.views import open_questions
from tests.stand_ins.clock import MORNING

CALL = "b1-17.7"


async def ask(
    database: Database, bookkeeper: NoteApplier, note: str, *, minute: int = 0, call: str = CALL, **facts: str
) -> None:
    async with database.begin() as session:
        at = MORNING + timedelta(minutes=minute)
        await bookkeeper.apply(session, Note(note, call, at, "unanswered", dict(facts)))


async def waiting(database: Database) -> list[tuple[str, str | None]]:
    return [(text, article) for text, article, _ in await counted(database)]


async def counted(database: Database) -> list[tuple[str, str | None, int]]:
    async with database.begin() as session:
        return [
            (question.text, question.article, question.call_count)
            for question in await open_questions(session, DEFAULT_COMPANY_ID)
        ]


async def test_the_newest_question_stands_first_and_none_stands_twice(
    database: Database, bookkeeper: NoteApplier
) -> None:
    await ask(database, bookkeeper, "n1", text="где купить подъёмник")
    for _ in range(2):
        await ask(database, bookkeeper, "n2", minute=1, text="как стать старшим по дому", article="KB38")
    assert await waiting(database) == [("как стать старшим по дому", "KB38"), ("где купить подъёмник", None)]


async def test_whoever_is_done_with_it_has_it_off_the_list(database: Database, bookkeeper: NoteApplier) -> None:
    await ask(database, bookkeeper, "n1", text="где купить подъёмник")
    for hour in (1, 2):
        async with database.begin() as session:
            await settle_question(
                session, "n1", company_id=DEFAULT_COMPANY_ID, by="director", now=MORNING + timedelta(hours=hour)
            )
    assert await waiting(database) == []
    async with database.begin() as session:
        with pytest.raises(QuestionNotFound):
            await settle_question(session, "n9", company_id=DEFAULT_COMPANY_ID, by="director", now=MORNING)


async def test_a_call_asks_a_question_once_in_its_fullest_words(database: Database, bookkeeper: NoteApplier) -> None:
    for note, text in (("n1", "скамейки когда"), ("n2", "когда поставят скамейки во дворе"), ("n3", "когда скамейки")):
        await ask(database, bookkeeper, note, text=text)
    await ask(database, bookkeeper, "n4", minute=1, text="можно ли держать в квартире курицу")
    for note in ("n5", "n6"):
        await ask(database, bookkeeper, note, minute=2, text="", article="KB29")
    assert await counted(database) == [
        ("", "KB29", 1),
        ("можно ли держать в квартире курицу", None, 1),
        ("когда поставят скамейки во дворе", None, 1),
    ]


async def test_what_many_calls_ask_in_the_same_words_is_counted_and_stands_first(
    database: Database, bookkeeper: NoteApplier
) -> None:
    await ask(database, bookkeeper, "n1", text="ну когда поставят скамейки")
    await ask(database, bookkeeper, "n2", call="b1-18.1", minute=1, text="скамейку когда поставят")
    await ask(database, bookkeeper, "n3", minute=2, text="где купить подъёмник")
    assert await counted(database) == [("скамейку когда поставят", None, 2), ("где купить подъёмник", None, 1)]
    async with database.begin() as session:
        newest = (await open_questions(session, DEFAULT_COMPANY_ID))[0]
        assert (newest.id, newest.call_id) == ("n2", "b1-18.1")
        await settle_question(session, newest.id, company_id=DEFAULT_COMPANY_ID, by="director", now=MORNING)
    assert await waiting(database) == [("где купить подъёмник", None)]

"""The list of questions nobody could answer: each with its call, off the list once its owner is done with it."""

from callcenter.core.database import Database
from callcenter.questions.service import keep_question
from tests.stand_ins.clock import MORNING
from tests.web.desk_client import Visit
from tests.web.sample_centre import add_call


async def test_a_question_is_read_led_back_to_its_call_and_settled(anna: Visit, database: Database) -> None:
    assert "На все вопросы робот ответил" in (await anna.get("/questions")).text
    async with database.begin() as session:
        await add_call(session, "asked-1", at=MORNING)
        for number, (text, article) in enumerate((("где купить <подъёмник>", None), ("", "KB29"))):
            await keep_question(session, f"q{number}", call_id="asked-1", asked_at=MORNING, text=text, article=article)
    page = (await anna.get("/questions")).text
    assert "где купить &lt;подъёмник&gt;" in page
    assert "KB29: не утверждена" in page
    assert page.count('href="/calls/asked-1"') == 2
    assert page.count('<td data-label="Сколько раз">1</td>') == 2
    assert "<html" not in (await anna.part("/questions")).text
    answered = await anna.submit("/questions/settled", form_on="/questions", question="q0")
    assert answered.status_code == 303
    assert await anna.rows("/questions") == ["q1"]
    assert (await anna.submit("/questions/settled", form_on="/questions", question="q9")).status_code == 404

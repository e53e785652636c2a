"""The owner of the knowledge base before their list: how often each question came, and all of one settled at once."""

from playwright.async_api import expect

from callcenter.questions.service import keep_question
from tests.stand_ins.clock import MORNING
from tests.web.browser.conftest import OpenPage, Place
from tests.web.browser.inspection import inspect
from tests.web.sample_centre import add_call

LONG = "можно ли в нашем доме на последнем этаже держать на балконе курицу и ещё двух петухов"
ASKED = ("когда поставят скамейки во дворе", LONG, "скамейки во дворе когда поставят")


async def test_what_is_asked_often_stands_first_and_is_settled_at_once(open_page: OpenPage, place: Place) -> None:
    async with place.database.begin() as session:
        for number, text in enumerate(ASKED):
            call = f"asked-{number}"
            await add_call(session, call, at=MORNING)
            await keep_question(session, f"q{number}", call_id=call, asked_at=MORNING, text=text, article=None)
    page = await open_page("/questions")
    rows = page.locator("#questions-list tbody tr")
    await expect(rows.first.locator('[data-label="Сколько раз"]')).to_have_text("2")
    await expect(rows.first).to_contain_text("скамейки")
    assert await inspect(page) == {}
    for width in (1024, 390):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, width
    await rows.first.get_by_role("button", name="Разобрано").click()
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text("курицу")


async def test_a_question_that_is_asked_now_appears_by_itself(open_page: OpenPage, place: Place) -> None:
    page = await open_page("/questions")
    async with place.database.begin() as session:
        await add_call(session, "asked-now", at=MORNING)
        await keep_question(session, "q9", call_id="asked-now", asked_at=MORNING, text=LONG, article=None)
    await expect(page.locator("#questions-list")).to_contain_text("курицу")

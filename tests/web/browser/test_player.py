"""A recording is really played by a real browser: sound goes on, from any second, one side or both."""

from playwright.async_api import expect
from sqlalchemy import update

from callcenter.calls.models import Call, CallState, Outcome
from callcenter.core.database import notify
from tests.stand_ins.clock import FakeClock
from tests.web.browser.conftest import OpenPage, Place
from tests.web.browser.player import PLAYING, SECOND, count_listenings, reaches
from tests.web.sample_calls import LEAK, TALKING
from tests.web.sample_centre import file_recording


async def test_space_plays_and_stops_and_arrows_seek(open_page: OpenPage, place: Place) -> None:
    page = await open_page(f"/calls/{LEAK}")
    assert await count_listenings(place) == 0  # to open a card is not to listen
    await page.keyboard.press("Space")
    await reaches(page, 0.3)
    assert await page.evaluate(PLAYING)
    assert await page.evaluate("document.querySelector('audio').duration") == 92
    assert await count_listenings(place) == 1
    await page.keyboard.press("ArrowRight")
    await reaches(page, 5.2)
    await page.keyboard.press("ArrowLeft")
    await reaches(page, 0, before=4)
    await page.keyboard.press("Space")
    assert not await page.evaluate(PLAYING)


async def test_a_line_of_the_timeline_plays_from_its_second(open_page: OpenPage) -> None:
    page = await open_page(f"/calls/{LEAK}")
    line = page.locator("li.line", has_text="Ответил диспетчер: Анна Котова")
    await line.get_by_role("button", name="0:37").press("Enter")
    await reaches(page, 37.2)
    assert await page.evaluate(SECOND) < 45
    await expect(line).to_have_class("line tone-good is-playing")
    assert float(await page.locator("[data-strip-head]").get_attribute("x") or 0) > 390


async def test_each_side_is_heard_alone_and_faster(open_page: OpenPage) -> None:
    page = await open_page(f"/calls/{LEAK}")
    await page.keyboard.press("Space")
    for name in ("жителя", "центр", "обоих"):
        button = page.get_by_role("button", name=name, exact=True)
        await button.click()
        await expect(button).to_have_attribute("aria-pressed", "true")
        await expect(page.locator("[data-side][aria-pressed=true]")).to_have_count(1)
        await reaches(page, await page.evaluate(SECOND) + 0.1)
    await page.get_by_role("button", name="×2").click()
    assert await page.evaluate("document.querySelector('audio').playbackRate") == 2
    await page.locator("[data-strip]").click(position={"x": 500, "y": 10})
    await reaches(page, 40)


async def test_the_player_appears_when_a_call_that_is_looked_at_ends(
    open_page: OpenPage, place: Place, clock: FakeClock
) -> None:
    page = await open_page(f"/calls/{TALKING}")
    await expect(page.get_by_text("Запись появится здесь")).to_be_visible()
    async with place.database.begin() as session:
        await file_recording(session, place.recordings, TALKING, seconds=240.0, at=clock.now())
        ended = {"state": CallState.ENDED, "outcome": Outcome.TALKED, "ended_at": clock.now()}
        await session.execute(update(Call).where(Call.id == TALKING).values(ended))
        await notify(session, "recording", TALKING)
    await expect(page.locator("audio")).to_be_visible()
    await page.keyboard.press("Space")
    await reaches(page, 0.3)
    await page.get_by_role("button", name="×2").click()
    async with place.database.begin() as session:
        await notify(session, "call", TALKING)  # another change stops neither the sound nor what was chosen
    await page.wait_for_event("response", lambda answer: answer.url.endswith(f"/calls/{TALKING}"))
    await reaches(page, await page.evaluate(SECOND) + 0.3)
    assert await page.evaluate(PLAYING)
    await expect(page.locator("[data-rate][aria-pressed=true]")).to_have_text("×2")


async def test_a_file_that_does_not_open_is_told_in_words(open_page: OpenPage, place: Place) -> None:
    (place.recordings / f"2026/11/24/{LEAK}.flac").unlink()
    page = await open_page(f"/calls/{LEAK}", expecting=("404",))
    await page.keyboard.press("Space")
    await expect(page.get_by_role("alert")).to_contain_text("Запись не открылась")

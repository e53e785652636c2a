"""The words of a call follow its sound, lead to it, are searched, and grow while the call goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from urllib.parse import quote

import pytest_asyncio
from playwright.async_api import Page, expect

from callcenter.calls.live_speech import LiveSpeech
from callcenter.calls.models import CallState, Outcome, Speaker, Utterance
from callcenter.core.database import Database, notify
from tests.stand_ins.clock import FakeClock
from tests.web.browser.chromium import REFUSED
from tests.web.browser.conftest import OpenPage, Place
from tests.web.browser.player import PLAYING, SECOND, count_listenings, reaches
from tests.web.sample_calls import LEAK, QUEUED, TALKING, say
from tests.web.sample_centre import add_call, file_recording

NOW = "#transcript .is-now"
KEEP_LIT = """() => {
  window.kept = [];
  const look = () => {
    const audio = document.querySelector("audio");
    const lit = document.querySelector("#transcript .is-now");
    if (lit && !audio.paused) window.kept.push([lit.textContent, Number(lit.dataset.second), audio.currentTime]);
    if (!audio.paused) requestAnimationFrame(look);
  };
  look();
}"""
"""From now on, frame by frame: which word is lit, its second, and the second that is heard."""
LONG = "b17-1764000001.2"


async def words_of(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in await page.locator(selector).all_inner_texts()]


async def test_a_word_plays_from_itself_and_the_words_follow_the_sound(open_page: OpenPage, place: Place) -> None:
    page = await open_page(f"/calls/{LEAK}")
    await expect(page.locator("[data-waveform] > div")).to_be_attached()
    assert await words_of(page, "#transcript .is-danger") == ["пахнет", "газом"]
    assert "лестнице" in await words_of(page, "#transcript .is-guess")
    assert await count_listenings(place) == 0  # to look is not to listen
    await page.get_by_text("холодной", exact=True).click()
    await reaches(page, 44.1)
    assert await page.evaluate(SECOND) < 54
    await expect(page.locator("[data-side][aria-pressed=true]")).to_have_text("обоих")
    await page.evaluate(KEEP_LIT)
    await reaches(page, await page.evaluate(SECOND) + 2.5)
    await page.keyboard.press("Space")
    kept = await page.evaluate("window.kept")
    assert len({word for word, _, _ in kept}) >= 3
    assert all(second - 0.1 < played < second + 0.9 for _, second, played in kept), kept
    await page.locator("[data-waveform]").click(position={"x": 5, "y": 20})
    await reaches(page, 0.2, before=10)
    assert await page.evaluate(PLAYING)
    await expect(page.locator(NOW)).to_have_count(0)


async def test_words_are_walked_and_played_by_keys(open_page: OpenPage) -> None:
    page = await open_page(f"/calls/{LEAK}")
    await page.locator("#transcript").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft"):
        await page.keyboard.press(key)
    assert await page.evaluate("document.activeElement.textContent") == "у"
    await page.keyboard.press("Enter")
    await reaches(page, 42.0)
    assert await page.evaluate(SECOND) < 47


async def test_search_in_a_call_steps_from_place_to_place(open_page: OpenPage, place: Place) -> None:
    page = await open_page(f"/calls/{LEAK}")
    await page.keyboard.press("Slash")
    await page.keyboard.type("СТОЯКА")
    await expect(page.locator("[data-find-count]")).to_have_text("1 из 2")
    assert await words_of(page, ".is-here") == ["стояк"]
    await page.keyboard.press("Enter")
    assert await words_of(page, ".is-here") == ["стояке"]
    assert await page.evaluate(SECOND) == 65.0
    await page.keyboard.press("Shift+Enter")
    assert await words_of(page, ".is-here") == ["стояк"]
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("течет стояк")
    assert await words_of(page, ".is-found") == ["течёт", "стояк"]
    await page.keyboard.type("нет")
    await expect(page.locator("[data-find-count]")).to_have_text("нет")
    assert await count_listenings(place) == 0


async def test_a_hit_in_the_list_opens_the_player_at_its_word(open_page: OpenPage, place: Place) -> None:
    page = await open_page(f"/calls?said={quote('спасибо соседи')}")
    await expect(page.locator(".hits mark")).to_have_text(["соседям", "спасибо"])
    await page.locator(".hits a").first.click()
    await page.wait_for_url("**/calls/*#t=70.00")
    await expect(page.locator(".is-here")).to_have_text("соседям")
    await expect(page.locator(NOW)).to_have_text("соседям")
    assert await count_listenings(place) == 0
    await page.keyboard.press("Escape")
    await page.keyboard.press("Space")
    await reaches(page, 70.1)
    assert await page.evaluate(SECOND) < 76


@pytest_asyncio.fixture(loop_scope="session")
async def long_call(place: Place, clock: FakeClock) -> AsyncIterator[str]:
    """A call of an hour with eight thousand words."""
    at = clock.now() - timedelta(hours=2)
    line = "и вот опять звоню вам про эту воду"
    words = [[word, 0.4 * place, 0.4 * place + 0.3, 0.9] for place, word in enumerate(line.split())]
    async with place.database.begin() as session:
        ended = {"state": CallState.ENDED, "outcome": Outcome.TALKED, "ended_at": at + timedelta(hours=1)}
        await add_call(session, LONG, at=at, **ended)
        await file_recording(session, place.recordings, LONG, seconds=3600.0, at=at)
        session.add_all(
            Utterance(
                id=f"long-{number}",
                call_id=LONG,
                speaker=(Speaker.CALLER, Speaker.MEMBER)[number % 2],
                at=at + timedelta(seconds=3.6 * number),
                text=line,
                words=words,
            )
            for number in range(1000)
        )
    yield LONG


async def test_an_hour_with_eight_thousand_words_is_followed(open_page: OpenPage, long_call: str) -> None:
    page = await open_page(f"/calls/{long_call}#t=3000.1")
    assert await page.locator("#transcript span[data-second]").count() == 8000
    await expect(page.locator(NOW)).to_be_in_viewport()
    await page.keyboard.press("Space")
    await reaches(page, 3000.5, before=3600)
    lit = page.locator(NOW)
    assert abs(float(await lit.get_attribute("data-second") or 0) - await page.evaluate(SECOND)) < 1
    await page.locator("[data-find]").fill("про эту воду")
    await expect(page.locator("[data-find-count]")).to_have_text("1 из 1000")


async def test_a_lost_recording_leaves_the_words_without_a_wave(open_page: OpenPage, place: Place) -> None:
    (place.recordings / f"2026/11/24/{LEAK}.flac").unlink()
    page = await open_page(f"/calls/{LEAK}", expecting=("404",))
    await expect(page.locator(".wave")).to_be_hidden()
    await expect(page.get_by_text("пахнет", exact=True)).to_be_visible()


async def finish(database: Database, speaker: Speaker, text: str, clock: FakeClock, *, second: float) -> None:
    async with database.begin() as session:
        await say(session, TALKING, speaker, text, at=clock.now() + timedelta(seconds=second))


@asynccontextmanager
async def telling(spoken: LiveSpeech, database: Database) -> AsyncIterator[None]:
    task = asyncio.create_task(spoken.run(database))
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_words_grow_while_they_are_said(open_page: OpenPage, place: Place, clock: FakeClock) -> None:
    page = await open_page(f"/calls/{TALKING}")
    await expect(page.locator("#transcript li")).to_have_count(3)
    spoken, now = LiveSpeech(), clock.now()
    forming = page.locator(".is-forming .said-text")
    async with telling(spoken, place.database):
        spoken.update_partial(TALKING, Speaker.CALLER, at=now, words="у нас пахнет")
        await expect(forming).to_have_text("у нас пахнет")
        spoken.update_partial(TALKING, Speaker.CALLER, at=now, words="у нас пахнет газом")
        spoken.update_partial(TALKING, Speaker.MEMBER, at=now, words="выйдите")
        await expect(forming).to_have_text(["у нас пахнет газом", "выйдите"])
        await finish(place.database, Speaker.CALLER, "у нас пахнет газом", clock, second=0.2)
        await expect(forming).to_have_text(["выйдите"])
        last = page.locator("#transcript li[data-sequence]").last
        await expect(last).to_contain_text("у нас пахнет газом")
        assert await words_of(page, "#transcript .is-danger") == ["пахнет", "газом"]
        spoken.update_partial(TALKING, Speaker.MEMBER, at=now, words="")
        await expect(forming).to_have_count(0)


async def test_a_broken_connection_neither_loses_nor_doubles_a_line(
    open_page: OpenPage, place: Place, clock: FakeClock
) -> None:
    page = await open_page(f"/calls/{TALKING}", expecting=REFUSED)
    await finish(place.database, Speaker.CALLER, "раз", clock, second=1)
    lines = page.locator("#transcript li[data-sequence] .said-text")
    await expect(lines).to_have_count(4)
    await place.stop()
    await expect(page.get_by_text("Связь с сервером прервалась")).to_be_visible()
    await finish(place.database, Speaker.CALLER, "три", clock, second=3)
    await finish(place.database, Speaker.MEMBER, "два", clock, second=2)  # began earlier, ended later
    await place.start()
    await expect(lines).to_have_count(6)
    await finish(place.database, Speaker.CALLER, "четыре", clock, second=4)
    await expect(lines).to_have_count(7)
    async with page.expect_response(f"**/calls/{TALKING}"), place.database.begin() as session:
        await notify(session, "call", TALKING)  # the card is built anew around its lines
    assert (await words_of(page, "#transcript .said-text"))[3:] == ["раз", "два", "три", "четыре"]


async def test_the_first_words_of_a_call_open_its_transcript(
    open_page: OpenPage, place: Place, clock: FakeClock
) -> None:
    page = await open_page(f"/calls/{QUEUED}")
    await expect(page.get_by_role("heading", name="Ход звонка")).to_be_visible()
    async with place.database.begin() as session:
        await say(session, QUEUED, Speaker.CALLER, "долго ещё ждать", at=clock.now())
        await notify(session, "call", QUEUED)
    await expect(page.locator("#transcript .said-text")).to_have_text(["долго ещё ждать"])

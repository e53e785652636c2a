"""The player of a call's card: whether it plays, at which second, and how often it was listened to."""

from playwright.async_api import Page
from sqlalchemy import select

from callcenter.calls.models import CallEvent
from tests.web.browser.conftest import Place

SECOND = "document.querySelector('audio').currentTime"
PLAYING = "!document.querySelector('audio').paused"
WITHIN = """([low, high]) => new Promise((done, fail) => {
  const look = () => {
    const { currentTime } = document.querySelector("audio");
    if (currentTime >= low && currentTime < high) done();
    else requestAnimationFrame(look);
  };
  setTimeout(() => fail(new Error(`at ${document.querySelector("audio").currentTime}, not ${low}`)), 10000);
  look();
})"""


async def reaches(page: Page, second: float, *, before: float = 1000) -> None:
    """Returns when the sound is at that second or later, but `before` another."""
    await page.evaluate(WITHIN, [second, before])


async def count_listenings(place: Place) -> int:
    async with place.database.begin() as session:
        return len((await session.scalars(select(CallEvent).where(CallEvent.kind == "recording_heard"))).all())

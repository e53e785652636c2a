"""A real Chromium, and what its pages complain of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, async_playwright, expect

CHROMIUM = "/usr/bin/chromium"
PATIENCE = 10_000
"""Milliseconds for which a page is waited for."""
REFUSED = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")
"""Errors of a console while the desk is away."""
_SWITCHES = (
    "--no-sandbox",  # continuous integration runs as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--mute-audio",
)


@asynccontextmanager
async def open_chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(_SWITCHES))
        yield browser
        await browser.close()


class Watch:
    """Over the pages that are shown to it: their consoles, and whom they ask."""

    def __init__(self) -> None:
        self.expected: list[str] = []
        """Words of console errors that a test itself provokes."""
        self._complaints: list[str] = []
        self._asked: list[str] = []

    def over(self, page: Page) -> None:
        page.on("console", lambda line: self._complaints.append(line.text) if line.type != "log" else None)
        page.on("pageerror", lambda error: self._complaints.append(str(error)))
        page.on("request", lambda request: self._asked.append(request.url))

    def end(self, origin: str) -> None:
        """Raises AssertionError after an error in a console, or a request to another site than `origin`."""
        assert [text for text in self._complaints if not any(words in text for words in self.expected)] == []
        assert [url for url in self._asked if not url.startswith((f"{origin}/", "data:"))] == []
        assert self._asked

"""The desk of a running centre in a real browser, in which a dispatcher has signed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import BrowserContext, Page

from tests.live.running_centre import RunningCentre
from tests.web.browser.chromium import Watch, open_chromium

PATIENCE = 20_000
"""Milliseconds for which anything on a page is waited for."""


class Desk:
    """One person's browser; `board` is the page to which signing in leads."""

    board: Page

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self._context = context
        self._origin = origin
        self._watch = Watch()

    async def open(self, path: str) -> Page:
        page = await self._context.new_page()
        page.set_default_timeout(PATIENCE)
        self._watch.over(page)
        await page.goto(self._origin + path)
        return page

    async def sign_in(self, login: str, password: str) -> None:
        self.board = await self.open("/sign-in")
        await self.board.get_by_label("Имя для входа").fill(login)
        await self.board.get_by_label("Пароль").fill(password)
        await self.board.get_by_role("button", name="Войти").click()
        await self.board.wait_for_url(f"{self._origin}/")

    def leave(self) -> None:
        """Raises AssertionError when a page complained, or asked another site."""
        self._watch.end(self._origin)


@asynccontextmanager
async def open_desk(centre: RunningCentre) -> AsyncIterator[Desk]:
    """The desk of the first dispatcher."""
    dispatcher = next(account for account in centre.instance.secrets.web_accounts if account.interface is not None)
    origin = f"http://{centre.instance.settings.desk.bind_address}:{centre.instance.ports.desk}"
    async with open_chromium() as chromium:
        desk = Desk(await chromium.new_context(viewport={"width": 1440, "height": 900}, locale="ru-RU"), origin)
        await desk.sign_in(dispatcher.login, dispatcher.password)
        yield desk
        desk.leave()

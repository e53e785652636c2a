"""How pages are built: what a screen reader, a poor eye, a narrow screen and a night shift need."""

import json

from playwright.async_api import expect
from sqlalchemy import update

from callcenter.staff.models import Employee
from tests.web.browser.conftest import OpenPage, Place
from tests.web.browser.inspection import inspect
from tests.web.sample_calls import LEAK, LIFT
from tests.web.sample_centre import ANNA

PLACES = (
    "/",
    "/calls",
    f"/calls/{LEAK}",
    f"/calls/{LIFT}",
    "/tickets",
    "/tickets/1",
    "/tickets/4",
    "/tickets/1/cancel",
    "/callbacks/1/done",
)


async def test_pages_can_be_read_by_everybody_and_on_narrow_screens(open_page: OpenPage) -> None:
    page = await open_page("/", expecting=("404",))
    origin = page.url.rstrip("/")
    for path in (*PLACES, "/nowhere"):
        await page.set_viewport_size({"width": 1440, "height": 900})
        await page.goto(origin + path)
        assert await inspect(page) == {}, path
        for width in (1024, 390):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, (path, width)


async def test_windows_can_be_read_by_everybody(open_page: OpenPage) -> None:
    page = await open_page("/")
    await page.keyboard.press("Shift+Slash")
    await expect(page.locator("#shortcuts")).to_be_visible()
    assert await inspect(page) == {}
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Готово…").first.click()
    await expect(page.locator("#dialog")).to_be_visible()
    assert await inspect(page) == {}


async def test_the_sign_in_page_can_be_read_by_everybody(open_page: OpenPage) -> None:
    page = await open_page("/", person=None, expecting=("401",))
    assert await page.evaluate("document.activeElement.id") == "login"
    assert await inspect(page) == {}
    await page.keyboard.type("anna")
    await page.locator("#password").fill("wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("Неверное имя или пароль.")
    assert await inspect(page) == {}


async def test_night_colours_are_chosen_once(open_page: OpenPage) -> None:
    page = await open_page("/")
    night = page.get_by_role("button", name="Ночные цвета")
    await expect(night).to_have_attribute("aria-pressed", "false")
    await night.click()
    await page.goto(page.url + "calls")
    await expect(night).to_have_attribute("aria-pressed", "true")
    background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(json.loads(background.replace("rgb(", "[").replace(")", "]"))) < 120
    await night.click()
    await expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


async def test_clocks_count_on_in_the_words_of_the_server(open_page: OpenPage) -> None:
    page = await open_page("/")
    member = page.locator("#member-104 .member-time")
    await expect(member).to_have_text("6 ч 52 мин")
    began = await page.locator(".call-times strong").first.inner_text()
    await expect(page.locator(".call-times strong").first).not_to_have_text(began)
    await expect(page.locator("[data-wall-clock]")).to_have_text("09:00")
    await page.goto(page.url + "tickets/1")
    await expect(page.get_by_text("осталось 2 дн. 23 ч")).to_be_visible()


async def test_the_hints_of_keys_are_dim_until_keys_work(open_page: OpenPage) -> None:
    page = await open_page("/")
    hint = page.locator(".desk-nav kbd").first
    await expect(page.locator("html[data-ready]")).to_have_count(1)
    await expect(hint).to_have_css("opacity", "1")
    await page.evaluate("delete document.documentElement.dataset.ready")
    await expect(hint).to_have_css("opacity", "0.35")


async def test_a_long_name_is_whole_on_an_office_screen(open_page: OpenPage, place: Place) -> None:
    async with place.database.begin() as session:
        name = "Константинопольская Екатерина Владимировна"
        await session.execute(update(Employee).where(Employee.login == ANNA.login).values(name=name))
    page = await open_page("/", width=1440)
    shown = page.locator(".desk-name strong")
    await expect(shown).to_have_text(name)
    assert await shown.evaluate("it => it.scrollWidth - it.clientWidth") <= 0
    assert await page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0

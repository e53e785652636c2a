"""The whole path of a dispatcher without a mouse."""

from playwright.async_api import Page, expect
from sqlalchemy import select

from callcenter.callbacks.models import Callback, CallbackState
from callcenter.tickets.models import Ticket, TicketState
from tests.web.browser.conftest import OpenPage, Place
from tests.web.sample_calls import MISSED, TALKING
from tests.web.sample_centre import PASSWORD


async def focused(page: Page) -> str:
    """The id of the element that has the focus."""
    return str(await page.evaluate("document.activeElement.id"))


async def press(page: Page, *keys: str) -> None:
    """As a person presses: once the page shows that it takes keys."""
    for key in keys:
        await page.wait_for_selector("html[data-ready]")
        await page.keyboard.press(key)


async def test_from_sign_in_to_a_registered_ticket(open_page: OpenPage, place: Place) -> None:
    page = await open_page("/", person=None)
    await page.keyboard.type("anna")
    await press(page, "Tab")
    await page.keyboard.type(PASSWORD)
    await press(page, "Enter")
    await expect(page.get_by_text("ваш разговор")).to_be_visible()
    await page.wait_for_load_state()

    await press(page, "KeyP")  # З: the ticket of my conversation
    await expect(page.get_by_role("heading", name="Черновик заявки")).to_be_visible()
    await page.wait_for_load_state()  # the page's keys work once its scripts are there
    await press(page, "Slash")
    assert await focused(page) == "category-words"
    await page.keyboard.type("трубу прорвало")
    await expect(page.locator("#category")).to_have_value("WAT_LEAK_RISER")
    await expect(page.get_by_text("Предупредите об опасности")).to_be_visible()
    await press(page, "Enter", "Tab")
    await page.keyboard.type("Береговая ул., 7, кв. 41")
    await press(page, "Tab", "Tab")
    await page.keyboard.type("Капает с потолка, 1 и 2 этаж?")  # keys that are shortcuts elsewhere only type here
    await press(page, "Tab", "Tab", "Enter")
    await expect(page.get_by_text("Номер вашей заявки")).to_be_visible()
    assert await focused(page) == "tell-title"
    async with place.database.begin() as session:
        ticket = (await session.scalars(select(Ticket).where(Ticket.call_id == TALKING))).one()
    assert (ticket.state, ticket.address) == (TicketState.REGISTERED, "Береговая ул., 7, кв. 41")
    assert ticket.description == "Капает с потолка, 1 и 2 этаж?"

    await press(page, "KeyP")  # and back to the call
    await page.wait_for_url(f"**/calls/{TALKING}")
    await press(page, "Digit1")
    await page.wait_for_url(f"{place.origin}/")


async def test_a_call_is_made_back_by_keys_and_the_focus_is_never_lost(open_page: OpenPage, place: Place) -> None:
    page = await open_page("/")
    async with place.database.begin() as session:
        tasks = (
            await session.scalars(
                select(Callback).where(Callback.state != CallbackState.DONE).order_by(Callback.due_at)
            )
        ).all()
    first, second = tasks[0].id, tasks[1].id
    await press(page, "KeyG")  # П: the most pressing call to be made back
    assert await focused(page) == f"callback-{first}-take"
    await press(page, "Enter")
    row = page.locator(f"#callback-{first}")
    await expect(row.get_by_text("Анна Котова")).to_be_visible()
    await expect(row.locator(":focus")).to_have_count(1)
    await press(page, "KeyG", "Enter")
    await expect(page.get_by_role("dialog", name="Чем закончилось?")).to_be_visible()
    await press(page, "Space", "Tab")
    await expect(page.locator("#callback-result")).to_have_value("Дозвонились, вопрос решён")
    await page.keyboard.type(". Спасибо!")
    await press(page, "Tab", "Tab", "Enter")
    await expect(row).to_have_count(0)
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await expect(page.locator(f"#callback-{second} :focus")).to_have_count(1)  # given once the list is there again
    async with place.database.begin() as session:
        done = await session.get_one(Callback, first)
    assert done.result is not None
    assert done.result.endswith("Спасибо!")


async def test_an_alarm_is_seen_and_lists_are_walked_by_keys(open_page: OpenPage) -> None:
    page = await open_page("/")
    await press(page, "KeyN", "Enter")  # Т: the upper alarm, the danger
    await expect(page.get_by_text("Опасность: Человек застрял в лифте.")).to_have_count(0)
    await press(page, "Digit2")
    await page.wait_for_url("**/calls")
    await press(page, "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp")
    assert await page.evaluate("document.activeElement.closest('tr').rowIndex") == 2
    await press(page, "KeyY")  # Н: find
    await page.keyboard.type("555-01-21")
    await press(page, "Enter")
    await expect(page.get_by_text("Найдено 1 звонок")).to_be_visible()
    await page.locator("main").focus()
    await press(page, "ArrowDown", "Enter")
    await page.wait_for_url(f"**/calls/{MISSED}")


async def test_shortcuts_are_shown_and_do_nothing_under_a_window(open_page: OpenPage) -> None:
    page = await open_page("/calls")
    await press(page, "Shift+Slash")
    window = page.get_by_role("dialog", name="Клавиши")
    await expect(window).to_be_visible()
    await press(page, "Digit1")
    await expect(window).to_be_visible()
    await press(page, "Escape")
    await expect(window).to_be_hidden()
    assert page.url.endswith("/calls")


async def test_whoever_walks_by_tab_sees_where_they_are(open_page: OpenPage) -> None:
    page = await open_page("/calls")
    await press(page, "Tab")
    assert await page.evaluate("document.activeElement.className") == "desk-skip"
    for _ in range(14):
        outline = await page.evaluate("getComputedStyle(document.activeElement).outline")
        assert "solid 3px" in outline, await page.evaluate("document.activeElement.outerHTML")
        await press(page, "Tab")

"""The open page keeps itself true: news without reloading, through restarts and outages, and nothing typed is lost."""

import asyncio
from datetime import timedelta

from playwright.async_api import Route, expect
from sqlalchemy import select, update

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import mark_seen, raise_alarm
from callcenter.calls.models import Call, CallState, Outcome
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import notify
from callcenter.operations.postgres import PostgresCluster
from callcenter.queues.models import Member, MemberState
from callcenter.tickets.models import Ticket
from tests.stand_ins.clock import FakeClock
from tests.web.browser.chromium import REFUSED
from tests.web.browser.conftest import OpenPage, Place
from tests.web.sample_calls import LIFT, MISSED, TALKING
from tests.web.sample_centre import add_call


async def ring(place: Place, call_id: str, phone: str, clock: FakeClock) -> None:
    async with place.database.begin() as session:
        await add_call(session, call_id, at=clock.now(), caller_number=phone, state=CallState.IVR)
        await notify(session, "call", call_id)


async def see_all_alarms(place: Place, clock: FakeClock) -> None:
    async with place.database.begin() as session:
        for alarm in (1, 2):
            await mark_seen(session, alarm, company_id=DEFAULT_COMPANY_ID, by="igor", now=clock.now())


async def tell_of_gas(place: Place, clock: FakeClock) -> None:
    async with place.database.begin() as session:
        await raise_alarm(
            session, kind=AlarmKind.DANGER, subject=LIFT, message="Опасность: запах газа.", now=clock.now()
        )


async def test_a_new_call_appears_at_once_and_the_page_is_not_loaded_again(
    open_page: OpenPage, place: Place, clock: FakeClock
) -> None:
    page = await open_page("/")
    await page.evaluate("window.theSamePage = true")
    await page.locator("#own-reason").focus()
    await ring(place, "b17-9.1", "+79215550199", clock)
    await expect(page.get_by_text("+7 921 555-01-99")).to_be_visible()
    await expect(page.locator("#board-summary .tile-value").first).to_have_text("5")
    assert await page.evaluate("window.theSamePage")
    assert await page.evaluate("document.activeElement.id") == "own-reason"


async def test_danger_shows_itself_over_whatever_page_is_open(
    open_page: OpenPage, place: Place, clock: FakeClock
) -> None:
    await see_all_alarms(place, clock)
    page = await open_page("/tickets")
    await expect(page).to_have_title("Заявки · Ситуационный центр")
    await tell_of_gas(place, clock)
    await expect(page.get_by_text("Опасность: запах газа.")).to_be_visible()
    await expect(page).to_have_title("(1) Заявки · Ситуационный центр")
    async with place.database.begin() as session:
        await mark_seen(session, 3, company_id=DEFAULT_COMPANY_ID, by="igor", now=clock.now())
    await expect(page.get_by_text("Опасность: запах газа.")).to_have_count(0)
    await expect(page).to_have_title("Заявки · Ситуационный центр")


async def test_a_danger_told_while_the_page_still_asks_for_older_ones_is_shown(
    open_page: OpenPage, place: Place, clock: FakeClock
) -> None:
    """Every page but the board asks for its dangers once it is there; the answer to that question may be old."""
    await see_all_alarms(place, clock)
    page = await open_page("/")
    asked: list[str] = []

    async def answer_late(route: Route) -> None:
        asked.append(route.request.url)
        response = await route.fetch()
        if len(asked) == 1:
            await page.evaluate("document.body.addEventListener('live:alarm', () => (window.told = true))")
            await tell_of_gas(place, clock)
            await page.wait_for_function("window.told")
        await route.fulfill(response=response)

    await page.route("**/board/dangers", answer_late)
    await page.goto(f"{place.origin}/tickets")
    await expect(page.get_by_text("Опасность: запах газа.")).to_be_visible()


async def test_the_page_outlives_a_restart_of_the_desk(open_page: OpenPage, place: Place, clock: FakeClock) -> None:
    page = await open_page("/", expecting=REFUSED)
    await place.stop()
    await expect(page.get_by_text("Связь с сервером прервалась")).to_be_visible()
    await ring(place, "b17-9.2", "+79215550198", clock)  # nobody could be told of it
    await place.start()
    await expect(page.get_by_text("+7 921 555-01-98")).to_be_visible()
    await expect(page.locator("#connection")).to_be_hidden()
    await ring(place, "b17-9.3", "+79215550197", clock)
    await expect(page.get_by_text("+7 921 555-01-97")).to_be_visible()


async def test_an_outage_of_the_database_loses_nothing_that_was_typed(
    open_page: OpenPage, place: Place, cluster: PostgresCluster
) -> None:
    async with place.database.begin() as session:
        draft = await session.scalar(select(Ticket.id).where(Ticket.call_id == MISSED))
    page = await open_page(f"/tickets/{draft}", expecting=("503",))
    await page.locator("#description").fill("Течёт кран, третий этаж")
    await asyncio.to_thread(cluster.stop)
    try:
        await expect(page.get_by_text("Нет связи с базой данных. Показано последнее известное")).to_be_visible()
        await page.get_by_role("button", name="Сохранить черновик").click()
        await expect(page.get_by_text("Введённое остаётся на странице")).to_be_visible()
        other = await page.context.new_page()
        await other.goto(f"{place.origin}/calls")
        await expect(other.get_by_text("Звонки идут как обычно:")).to_be_visible()
    finally:
        await asyncio.to_thread(cluster.ensure_running)
    await expect(other.get_by_role("heading", name="Звонки", exact=True)).to_be_visible()  # by itself
    await expect(page.locator("#connection")).to_be_hidden(timeout=15_000)
    await expect(page.locator("#description")).to_have_value("Течёт кран, третий этаж")
    await page.get_by_role("button", name="Сохранить черновик").click()
    await expect(page.get_by_text("Поля черновика изменены")).to_be_visible()
    async with place.database.begin() as session:
        assert (await session.get_one(Ticket, draft)).description == "Течёт кран, третий этаж"


async def test_signing_out_elsewhere_leads_an_open_board_to_the_sign_in_page(
    open_page: OpenPage, place: Place, clock: FakeClock
) -> None:
    page = await open_page("/", expecting=("401",))
    other = await page.context.new_page()
    await other.goto(f"{place.origin}/calls")
    await other.get_by_role("button", name="Выйти").click()
    await other.wait_for_url("**/sign-in")
    await ring(place, "b17-9.4", "+79215550196", clock)
    await page.wait_for_url("**/sign-in*")


async def test_the_card_of_a_call_hears_of_its_own_changes_only(
    open_page: OpenPage, place: Place, clock: FakeClock
) -> None:
    page = await open_page(f"/calls/{TALKING}")
    board = await page.context.new_page()
    await board.goto(place.origin)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await ring(place, "b17-9.5", "+79215550195", clock)
    await expect(board.get_by_text("+7 921 555-01-95")).to_be_visible()
    async with place.database.begin() as session:
        await session.execute(
            update(Call)
            .where(Call.id == TALKING)
            .values(state=CallState.ENDED, outcome=Outcome.TALKED, ended_at=clock.now() + timedelta(seconds=1))
        )
        await notify(session, "call", TALKING)
    await expect(page.get_by_text("разговор с диспетчером")).to_be_visible()
    assert [url for url in asked if url.endswith(TALKING)] == [f"{place.origin}/calls/{TALKING}"]


async def test_news_do_not_undo_what_a_person_has_set(open_page: OpenPage, place: Place) -> None:
    page = await open_page(f"/calls/{LIFT}")
    await page.get_by_label("показать служебные строки").check()
    async with place.database.begin() as session:
        await session.execute(update(Call).where(Call.id == LIFT).values(danger="GAS_SMELL"))
        await notify(session, "call", LIFT)
    await expect(page.locator(".tag-danger")).to_have_text("Запах газа")
    await expect(page.get_by_label("показать служебные строки")).to_be_checked()

    await page.goto(place.origin)
    await page.locator("#own-reason").select_option("Обед")
    async with place.database.begin() as session:
        await session.execute(update(Member).where(Member.extension == "104").values(state=MemberState.FREE))
        await notify(session, "member", "PJSIP/d-c09e42")
    await expect(page.locator("#member-104 .member-state")).to_have_text("ждёт звонка")
    await expect(page.locator("#own-reason")).to_have_value("Обед")

"""Tickets: the list, the draft that a dispatcher fills in, its number, and what it may not become."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from callcenter.core.database import Database
from callcenter.tickets.models import Ticket, TicketClock, TicketEvent, TicketState
from tests.web.desk_client import ROW, Visit
from tests.web.sample_calls import LEAK, LIFT, MISSED
from tests.web.sample_centre import ADMINISTRATOR, IGOR, Person, town_categories

FIELDS = {
    "category": "WAT_LEAK_RISER",
    "address": "Береговая ул., 7, кв. 41",
    "contact_phone": "8 921 555-01-77",
    "description": "Капает с потолка в ванной.",
}


@pytest.fixture
async def draft(database: Database) -> int:
    """The id of the draft of the missed call."""
    async with database.begin() as session:
        found = await session.scalar(select(Ticket.id).where(Ticket.call_id == MISSED))
    assert found is not None
    return found


async def stored(database: Database, ticket_id: int) -> Ticket:
    async with database.begin() as session:
        return await session.get_one(Ticket, ticket_id)


async def test_the_list_tells_what_where_how_urgent_and_until_when(reader: Visit) -> None:
    page = (await reader.get("/tickets")).text
    row = page[page.index("26-000001") :]
    row = row[: row.index("</tr>")]
    for words in ("Прорыв или течь", "Береговая ул., 14", "+7 921 555-01-47", "авария", "просрочено 9:36"):
        assert words in row, words
    assert "+7 999 555-01-21" not in page, "a draft that knows nothing yet but who called is no ticket"
    assert "+7 999 555-01-21" in (await reader.get("/tickets?state=draft")).text


@pytest.mark.parametrize("typed", ["26-000001", "26000001", "1", "береговая", "стояк", "+7 921 555-01-47"])
async def test_a_ticket_is_found_by_number_place_word_and_phone(reader: Visit, typed: str) -> None:
    assert "26-000001" in (await reader.get("/tickets", params={"search": typed})).text


async def test_filters_of_state_and_category(reader: Visit) -> None:
    assert len(await reader.rows("/tickets?state=registered")) == 3
    assert len(await reader.rows("/tickets?category=LIFT_FAULT")) == 1
    assert len(await reader.rows("/tickets?category=NONSENSE&state=nonsense")) == 4


async def test_all_categories_are_offered_with_the_words_of_residents(reader: Visit) -> None:
    page = (await reader.get(f"/calls/{MISSED}")).text
    place = page.split('href="/tickets/')[2].split('"')[0]
    page = (await reader.get(f"/tickets/{place}")).text
    assert page.count("<option ") == len(town_categories()) + 1 == 71
    assert "пахнет газом" in page


async def test_choosing_a_category_shows_danger_and_terms_at_once(reader: Visit) -> None:
    about = (await reader.part("/categories/about?category=GAS_SMELL")).text
    assert "Не включать и не выключать свет" in about
    assert "104" in about
    assert (await reader.part("/categories/about?category=")).text.strip() == ""


async def test_a_draft_becomes_a_ticket_with_number_and_clocks(anna: Visit, draft: int, database: Database) -> None:
    place = f"/tickets/{draft}"
    card = (await anna.get(place)).text
    assert 'value="+7 999 555-01-21"' in card  # the caller's own, to be kept or changed
    sent = await anna.submit(f"{place}/draft", form_on=place, then="register", **FIELDS)
    assert sent.headers["location"] == place
    ticket = await stored(database, draft)
    assert (ticket.number, ticket.state, ticket.urgency) == ("26-000004", TicketState.REGISTERED, "accident")
    assert (ticket.address, ticket.contact_phone) == (FIELDS["address"], "+79215550177")
    assert (ticket.description, ticket.registered_by) == (FIELDS["description"], "anna")
    async with database.begin() as session:
        clocks = (await session.scalars(select(TicketClock).where(TicketClock.ticket_id == draft))).all()
        kinds = await session.scalars(
            select(TicketEvent.kind).where(TicketEvent.ticket_id == draft).order_by(TicketEvent.id)
        )
        assert list(kinds) == ["opened", "edited", "registered"]
    assert {clock.kind for clock in clocks} == {"localise", "resolve"}
    card = (await anna.get(place)).text
    assert "Номер вашей заявки" in card
    assert "Остановим аварию до 09:30" in card
    assert "Предупредите об опасности" in card
    assert f'data-watch="ticket:{draft}"' in card


async def test_a_saved_draft_stays_a_draft(anna: Visit, draft: int, database: Database) -> None:
    place = f"/tickets/{draft}"
    await anna.submit(f"{place}/draft", form_on=place, then="save", address="Береговая ул., 7")
    ticket = await stored(database, draft)
    assert (ticket.state, ticket.address, ticket.number) == (TicketState.DRAFT, "Береговая ул., 7", None)
    assert ticket.contact_phone is None


async def test_the_draft_of_a_call_with_danger_offers_that_category(anna: Visit, database: Database) -> None:
    async with database.begin() as session:
        found = await session.scalar(select(Ticket.id).where(Ticket.call_id == LIFT))
    page = (await anna.get(f"/tickets/{found}")).text
    chosen = page[: page.index(" selected")].rsplit("<option", 1)[1]
    assert "LIFT_TRAPPED" in chosen


async def test_what_is_missing_is_said_beside_its_field_and_nothing_typed_is_lost(
    anna: Visit, draft: int, database: Database
) -> None:
    place = f"/tickets/{draft}"
    typed = {"category": "", "address": " ", "contact_phone": "12", "description": "Капает <b>сильно</b>"}
    for send in (anna.submit, anna.ask):
        answer = await send(f"{place}/draft", form_on=place, then="register", **typed)
        assert answer.status_code == 422
        for words in ("Выберите категорию", "Укажите адрес", "Не похоже на номер", 'value="12"', "Капает &lt;b&gt;"):
            assert words in answer.text, words
        assert answer.text.count('aria-invalid="true"') == 3
    assert (await stored(database, draft)).state == TicketState.DRAFT


async def test_a_colleague_was_quicker(
    anna: Visit, visit_as: Callable[[Person], Visit], draft: int, database: Database
) -> None:
    place = f"/tickets/{draft}"
    token = await anna.csrf(place)
    await visit_as(IGOR).submit(f"{place}/draft", form_on=place, then="register", **FIELDS)
    form = {"csrf": token, "then": "register", **FIELDS, "address": "другой адрес"}
    late = await anna.post(f"{place}/draft", data=form)
    assert late.status_code == 409
    assert "Заявка уже не черновик" in late.text
    assert (await stored(database, draft)).address == FIELDS["address"]


async def test_a_ticket_is_cancelled_with_a_reason_and_its_clocks_stop(anna: Visit, database: Database) -> None:
    async with database.begin() as session:
        leak = await session.scalar(select(Ticket.id).where(Ticket.call_id == LEAK))
    assert leak is not None
    place = f"/tickets/{leak}"
    assert "Отменить заявку 26-000001?" in (await anna.get(f"{place}/cancel")).text
    assert "<html" not in (await anna.part(f"{place}/cancel")).text
    assert (await anna.submit(f"{place}/cancel", form_on=f"{place}/cancel", reason="")).status_code == 422
    await anna.submit(f"{place}/cancel", form_on=f"{place}/cancel", reason="Повтор другой заявки")
    card = (await anna.get(place)).text
    assert "Отменена: Повтор другой заявки" in card
    assert "Номер вашей заявки" not in card
    async with database.begin() as session:
        running = await session.scalars(
            select(TicketClock).where(TicketClock.ticket_id == leak, TicketClock.stopped_at.is_(None))
        )
        assert not running.all()
    again = await anna.submit(f"{place}/cancel", form_on="/", reason="ещё раз")
    assert again.status_code == 409


async def test_the_administrator_reads_tickets_but_does_not_write_them(
    visit_as: Callable[[Person], Visit], draft: int, database: Database
) -> None:
    administrator = visit_as(ADMINISTRATOR)
    assert "Зарегистрировать" not in (await administrator.get(f"/tickets/{draft}")).text
    refused = await administrator.submit(f"/tickets/{draft}/draft", then="register", **FIELDS)
    assert refused.status_code == 403
    assert (await stored(database, draft)).state == TicketState.DRAFT


@pytest.mark.parametrize("place", ["/tickets/999", "/tickets/999/cancel"])
async def test_an_unknown_ticket_is_no_page(reader: Visit, place: str) -> None:
    assert (await reader.get(place)).status_code == 404


async def test_an_unknown_ticket_cannot_be_changed(reader: Visit) -> None:
    assert (await reader.submit("/tickets/999/draft", then="save")).status_code == 404
    assert (await reader.submit("/tickets/999/cancel", reason="Ошибочная заявка")).status_code == 404


async def test_a_list_asked_for_by_news_is_only_the_list(reader: Visit) -> None:
    part = (await reader.part("/tickets?state=draft")).text
    assert "<html" not in part
    assert part.count(ROW) == 7

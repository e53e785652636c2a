"""The board: what is on it, in which order, and what each role may do there."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, text

from callcenter.alarms.models import Alarm, AlarmKind
from callcenter.callbacks.models import Callback, CallbackState
from callcenter.core.database import Database
from callcenter.queues.models import MemberRequest, MemberState
from callcenter.queues.service import write_member
from tests.stand_ins.clock import FakeClock
from tests.web.desk_client import Visit
from tests.web.sample_calls import LIFT, MISSED, TALKING
from tests.web.sample_centre import ADMINISTRATOR, ANNA, DIRECTOR, IGOR, Person


def order(page: str, *words: str) -> list[str]:
    """The words as they first appear on the page."""
    return sorted(words, key=page.index)


async def test_danger_comes_first_then_whoever_waits(reader: Visit) -> None:
    calls = (await reader.part("/board/calls")).text
    lift, leak, robot, talk = "+7 911 555-01-56", "+7 921 555-01-90", "Номер скрыт", "+7 903 555-01-18"
    assert order(calls, talk, leak, robot, lift) == [lift, leak, robot, talk]


async def test_the_board_tells_in_words_what_happens(reader: Visit) -> None:
    board = (await reader.get("/")).text
    for words in (
        "Опасность: Человек застрял в лифте.",
        "На диске записей осталось 1,8 ГБ",
        "Прорыв или течь трубы/стояка ХВС, ГВС",
        "ваш разговор",
        "дольше всех",
        "готовы ответить",
        "просрочено 2:48",
        "осталось 1:24",
        "срок 10 минут от начала звонка",
        "пауза: обед",
        "6 ч 52 мин",
    ):
        assert words in board, words
    assert '<html lang="ru"' in board


async def test_waiting_too_long_is_told_by_colour(reader: Visit, clock: FakeClock) -> None:
    def colour(calls: str) -> bool:
        row = calls[calls.index("+7 921 555-01-90") :]
        return "is-late" in row[: row.index("</li>")]

    assert not colour((await reader.part("/board/calls")).text)
    clock.advance(minutes=2)  # two more: four in all
    assert colour((await reader.part("/board/calls")).text)


async def test_own_conversation_leads_to_its_ticket_at_once(anna: Visit, visit_as: Callable[[Person], Visit]) -> None:
    assert "ваш разговор" in (await anna.get("/")).text
    others = (await visit_as(IGOR).get("/")).text
    assert "ваш разговор" not in others
    assert "Анна Котова" in others


async def test_nobody_at_work_is_shown_in_red(anna: Visit, database: Database) -> None:
    async with database.begin() as session:
        await session.execute(text("UPDATE member SET state = 'absent'"))
    summary = (await anna.part("/board/summary")).text
    assert "никого нет на месте" in summary
    assert "tile-danger" in summary[: summary.index("никого нет на месте")].split('class="tile ')[-1]


async def test_all_see_everything_but_the_administrator_does_not_work_with_residents(
    visit_as: Callable[[Person], Visit],
) -> None:
    for person, may_work in ((ANNA, True), (DIRECTOR, True), (ADMINISTRATOR, False)):
        visit = visit_as(person)
        board = (await visit.get("/")).text
        assert "Человек застрял в лифте" in board
        assert (">Взять<" in board) is may_work
        assert (">Вижу<" in board) is may_work
        assert (await visit.get("/calls")).status_code == 200
    refused = await visit.submit("/callbacks/1/take")
    assert refused.status_code == 403
    assert "доступно диспетчеру и директору" in refused.text


@pytest.mark.parametrize("part", ["summary", "calls", "members", "callbacks", "alarms", "dangers"])
async def test_a_part_is_only_a_part_and_leads_a_plain_browser_to_the_board(reader: Visit, part: str) -> None:
    assert "<html" not in (await reader.part(f"/board/{part}")).text
    assert (await reader.get(f"/board/{part}")).headers["location"] == "/"


async def test_danger_is_on_every_page_until_somebody_has_seen_it(anna: Visit, database: Database) -> None:
    assert 'hx-get="/board/dangers"' in (await anna.get("/tickets/1")).text
    strip = (await anna.part("/board/dangers")).text
    assert "Человек застрял в лифте" in strip
    assert f"/calls/{LIFT}" in strip
    assert "На диске" not in strip
    async with database.begin() as session:
        alarm = await session.scalar(select(Alarm.id).where(Alarm.kind == AlarmKind.DANGER))
    answer = await anna.ask(f"/alarms/{alarm}/seen")
    assert answer.status_code == 200
    assert "Человек застрял в лифте" not in answer.text
    assert "Человек застрял" not in (await anna.part("/board/dangers")).text


async def test_a_seen_trouble_stays_with_the_name_of_who_saw_it(anna: Visit, database: Database) -> None:
    async with database.begin() as session:
        alarm = await session.scalar(select(Alarm.id).where(Alarm.kind == AlarmKind.DISK))
    alarms = (await anna.ask(f"/alarms/{alarm}/seen")).text
    assert "отметка: Анна Котова" in alarms
    assert (await anna.submit("/alarms/99/seen")).status_code == 404


async def test_a_task_is_taken_by_one_and_done_with_a_result(
    anna: Visit, visit_as: Callable[[Person], Visit], database: Database
) -> None:
    igor = visit_as(IGOR)
    async with database.begin() as session:
        task_id = await session.scalar(select(Callback.id).where(Callback.call_id == MISSED))
    taken = await anna.ask(f"/callbacks/{task_id}/take")
    assert "Анна Котова" in taken.text
    late = await igor.submit(f"/callbacks/{task_id}/take")
    assert late.status_code == 409
    assert "уже взял" in late.text
    assert "Дозвонились, вопрос решён" in (await anna.get(f"/callbacks/{task_id}/done")).text
    assert "<html" not in (await anna.part(f"/callbacks/{task_id}/done")).text
    assert (await anna.submit(f"/callbacks/{task_id}/done", result="")).status_code == 422
    done = await anna.ask(f"/callbacks/{task_id}/done", result="Дозвонились, всё хорошо")
    assert "desk:done" in done.headers["hx-trigger"]
    assert "+7 999 555-01-21" not in done.text
    async with database.begin() as session:
        task = await session.get_one(Callback, task_id)
    assert (task.state, task.owner, task.result) == (CallbackState.DONE, "anna", "Дозвонились, всё хорошо")
    assert (await anna.submit(f"/callbacks/{task_id}/done", result="ещё раз")).status_code == 409
    assert "Дозвонились, всё хорошо" in (await anna.get(f"/calls/{MISSED}")).text


async def test_a_dispatcher_asks_for_a_pause_and_comes_back(anna: Visit, database: Database, clock: FakeClock) -> None:
    assert (await anna.submit("/members/own/pause", reason="")).status_code == 422
    asked = (await anna.ask("/members/own/pause", reason="Обед")).text
    assert "Просим станцию поставить вас на паузу" in asked
    async with database.begin() as session:
        wish = (await session.scalars(select(MemberRequest))).one()
        assert (wish.interface, wish.paused, wish.reason, wish.author) == (ANNA.interface, True, "Обед", "anna")
        wish.done_at = clock.now()
        await write_member(
            session,
            interface=wish.interface,
            name=ANNA.name,
            extension="101",
            state=MemberState.PAUSED,
            pause_reason="Обед",
            now=clock.now(),
        )
    assert "Вернуться в очередь" in (await anna.part("/board/members")).text
    assert "вернуть вас в очередь" in (await anna.ask("/members/own/return")).text


async def test_who_has_no_phone_has_no_pause(director: Visit) -> None:
    assert 'action="/members/own/pause"' not in (await director.get("/")).text
    refused = await director.submit("/members/own/pause", reason="Обед")
    assert refused.status_code == 403
    assert "За вами не закреплён телефон" in refused.text


async def test_what_could_not_be_done_is_told_in_the_page_that_asked(director: Visit) -> None:
    refused = await director.ask("/members/own/pause", reason="Обед")
    assert refused.headers["hx-reswap"] == "none"
    assert "desk:fault" in refused.headers["hx-trigger"]


async def test_the_call_of_the_board_is_the_call_of_the_card(reader: Visit) -> None:
    assert f'href="/calls/{TALKING}"' in (await reader.get("/")).text
    card = (await reader.get(f"/calls/{TALKING}")).text
    assert "+7 903 555-01-18" in card
    assert "Оформить заявку" in card

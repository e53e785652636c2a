"""After a storm the board is a few lines: equal alarms are one, drafts without content are none."""

from datetime import timedelta

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import raise_alarm
from callcenter.alarms.views import open_alarms
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.intake.admission import ensure_call
from callcenter.tickets.service import note_address
from tests.stand_ins.clock import MORNING
from tests.web.desk_client import Visit

LATE = "Срок обратного звонка вышел: не дождался ответа."


async def storm(database: Database, count: int, *, first: int = 0) -> None:
    async with database.begin() as session:
        for number in range(first, first + count):
            call_id = f"b1-{number}.1"
            await ensure_call(session, call_id, at=MORNING)
            await raise_alarm(
                session,
                company_id=DEFAULT_COMPANY_ID,
                kind=AlarmKind.CALLBACK_DUE,
                subject=call_id,
                message=LATE,
                now=MORNING + timedelta(seconds=number),
            )


async def test_equal_alarms_are_one_line_with_their_number_and_the_oldest(anna: Visit, database: Database) -> None:
    await storm(database, 200)
    board = (await anna.get("/")).text
    assert board.count(LATE) == 1
    assert "×200" in board
    assert "самая ранняя" in board
    assert "/calls/b1-0.1" in board, "the oldest is the one to open"


async def test_seen_together_but_not_what_came_after_the_page_was_drawn(anna: Visit, database: Database) -> None:
    await storm(database, 3)
    board = (await anna.get("/")).text
    newest = board.split('name="newest" value="')[1].split('"')[0]
    async with database.begin() as session:
        oldest = min(alarm.id for alarm in await open_alarms(session, DEFAULT_COMPANY_ID) if alarm.message == LATE)
    await storm(database, 1, first=3)
    await anna.ask(f"/alarms/{oldest}/seen", newest=newest)
    async with database.begin() as session:
        alarms = [alarm for alarm in await open_alarms(session, DEFAULT_COMPANY_ID) if alarm.message == LATE]
    assert sorted(alarm.seen_at is None for alarm in alarms) == [False, False, False, True]


async def test_every_danger_stands_alone(anna: Visit, database: Database) -> None:
    async with database.begin() as session:
        for number in range(2):
            await ensure_call(session, f"b1-{number}.1", at=MORNING)
            await raise_alarm(
                session,
                company_id=DEFAULT_COMPANY_ID,
                kind=AlarmKind.DANGER,
                subject=f"b1-{number}.1",
                message="Опасность: Запах газа.",
                now=MORNING,
            )
    assert (await anna.part("/board/alarms")).text.count("Опасность: Запах газа.") == 2


async def test_a_draft_nobody_has_written_into_is_no_ticket_in_the_list(anna: Visit, database: Database) -> None:
    before, drafts = len(await anna.rows("/tickets")), len(await anna.rows("/tickets?state=draft"))
    async with database.begin() as session:
        for number in range(2):
            await ensure_call(session, f"b1-{number}.1", at=MORNING)
        await note_address(session, call_id="b1-1.1", address="Тихая улица, дом 11")
    assert len(await anna.rows("/tickets")) == before + 1
    assert "Тихая улица, дом 11" in (await anna.get("/tickets")).text
    assert len(await anna.rows("/tickets?state=draft")) == drafts + 2, "whoever asks for drafts sees all"

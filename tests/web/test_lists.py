"""Long lists: their pages, days and cost; some rows have one and the same moment."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import event

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import raise_alarm
from callcenter.callbacks.models import CallbackKind
from callcenter.callbacks.service import open_callback
from callcenter.calls.models import CallState, Outcome
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.tickets.service import note_address, open_draft
from tests.stand_ins.clock import MORNING
from tests.web.desk_client import Visit
from tests.web.sample_centre import add_call


async def count_queries(anna: Visit, database: Database, path: str) -> int:
    asked: list[str] = []

    def count(connection: object, cursor: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", count)
    assert (await anna.get(path)).status_code == 200
    event.remove(database.engine.sync_engine, "before_cursor_execute", count)
    return len(asked)


async def test_longer_lists_cost_no_more_queries(anna: Visit, database: Database) -> None:
    places = ("/", "/calls", "/tickets")
    before = [await count_queries(anna, database, path) for path in places]
    async with database.begin() as session:
        for number in range(40):
            call_id, at = f"many-{number:03d}", MORNING - timedelta(minutes=number)
            await add_call(session, call_id, at=at, state=CallState.IVR)
            await open_draft(session, call_id=call_id, author="centre", now=at)
            await open_callback(
                session,
                company_id=DEFAULT_COMPANY_ID,
                call_id=call_id,
                kind=CallbackKind.ABANDONED,
                phone="+79215550100",
                arrived_at=at,
                now=MORNING,
            )
            await raise_alarm(session, kind=AlarmKind.DANGER, subject=call_id, message="Газ", now=MORNING)
    assert [await count_queries(anna, database, path) for path in places] == before
    assert max(before) <= 16


async def test_a_day_begins_and_ends_at_midnight_of_the_company(anna: Visit, database: Database) -> None:
    """Which in Moscow is 21:00 of the day before by UTC."""
    evening = datetime(2026, 11, 19, 20, 59, 59, tzinfo=UTC)
    moments = {"before": 0, "first": 1, "last": 24 * 3600, "after": 24 * 3600 + 1}
    async with database.begin() as session:
        for call_id, seconds in moments.items():
            await add_call(session, call_id, at=evening + timedelta(seconds=seconds), state=CallState.ENDED)
    assert await anna.rows("/calls?day=2026-11-20") == ["last", "first"]


async def test_pages_show_every_row_once(anna: Visit, database: Database) -> None:
    async with database.begin() as session:
        for number in range(97):
            call_id, at = f"many-{number:03d}", MORNING - timedelta(days=2, minutes=number // 10)
            await add_call(session, call_id, at=at, state=CallState.ENDED, outcome=Outcome.ROBOT)
            await open_draft(session, call_id=call_id, author="centre", now=at)
            await note_address(session, call_id=call_id, address="Береговая ул., 14")
    for place, before, word in (("/calls", 15, "112 звонков"), ("/tickets", 4, "101 заявка")):
        pages = [await anna.rows(f"{place}?page={page}") for page in (1, 2, 3)]
        assert [len(page) for page in pages] == [50, 50, before - 3]
        assert len({row for page in pages for row in page}) == 97 + before
        first = (await anna.get(place)).text
        assert word in first
        assert "Страница 1 из 3" in first
        assert 'rel="prev"' not in first
        last = (await anna.get(f"{place}?page=900")).text
        assert "Страница 3 из 3" in last
        assert 'rel="next"' not in last
    narrowed = (await anna.get("/calls?outcome=robot")).text
    assert "outcome=robot" in narrowed.split('rel="next" href="')[1].split('"')[0]

"""Readings that residents told: a list with what is doubtful, and a table for the book-keeper."""

from callcenter.core.database import Database
from callcenter.intake.admission import ensure_call
from callcenter.meters.models import MeterKind
from callcenter.meters.service import take_reading
from tests.stand_ins.clock import MORNING
from tests.web.desk_client import Visit


async def test_readings_stand_with_their_doubts_and_go_into_a_table(anna: Visit, database: Database) -> None:
    assert "Показаний ещё не передавали" in (await anna.get("/meters")).text
    async with database.begin() as session:
        for call, value in (("b1-1.1", 212), ("b1-1.2", 103)):
            await ensure_call(session, call, at=MORNING)
            await take_reading(session, account="00781203", kind=MeterKind.COLD, value=value, call_id=call, now=MORNING)
    page = (await anna.get("/meters")).text
    assert page.count("00781203") == 2
    assert page.count("меньше прошлого") == 1
    assert "<html" not in (await anna.part("/meters")).text
    table = await anna.get("/meters.csv")
    assert table.headers["content-type"].startswith("text/csv")
    lines = table.text.removeprefix("\ufeff").splitlines()
    assert lines[0] == "лицевой счёт;счётчик;показание;когда;сомнение"
    assert sorted(line.split(";")[2] for line in lines[1:]) == ["103", "212"]
    assert all(line.startswith("00781203;холодная вода;") for line in lines[1:])

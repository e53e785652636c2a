"""Readings that callers told are kept once, in their order, and what is odd about one stands beside it."""

from datetime import datetime, timedelta

import pytest

from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.conducting.register import DatabaseTicketRegister
from callcenter.core.database import Database
from callcenter.intake.note_applier import NoteApplier
from callcenter.journal.notes import Note
from callcenter.knowledge.categories import Categories
from callcenter.meters.models import MeterKind, MeterReading
from callcenter.meters.plausible import MONTH, ReadingDoubt, find_doubt
from callcenter.meters.views import last_reading, newest_readings
from tests.helpers.categories import MOSCOW
from tests.stand_ins.clock import MORNING

ACCOUNT = "0078120"


async def tell(
    database: Database, bookkeeper: NoteApplier, value: int, *, call: str, at: datetime = MORNING, meter: str = "cold"
) -> None:
    facts = {"account": ACCOUNT, "meter": meter, "value": str(value)}
    async with database.begin() as session:
        await bookkeeper.apply(session, Note(f"{call}-{value}", call, at, "reading", facts))


async def test_a_reading_told_is_kept_once(database: Database, bookkeeper: NoteApplier) -> None:
    for _ in range(2):
        await tell(database, bookkeeper, 123, call="b1-1.1")
    async with database.begin() as session:
        (reading,) = await newest_readings(session, DEFAULT_COMPANY_ID)
    assert (reading.account, reading.kind, reading.value, reading.doubt) == (ACCOUNT, MeterKind.COLD, 123, None)
    assert (reading.call_id, reading.taken_at) == ("b1-1.1", MORNING)


async def test_the_newest_is_in_force_and_each_meter_has_its_own(database: Database, bookkeeper: NoteApplier) -> None:
    await tell(database, bookkeeper, 100, call="b1-1.1")
    await tell(database, bookkeeper, 110, call="b1-1.2", at=MORNING + MONTH)
    await tell(database, bookkeeper, 7, call="b1-1.2", at=MORNING + MONTH, meter="hot")
    async with database.begin() as session:
        cold, hot = [
            await last_reading(session, DEFAULT_COMPANY_ID, ACCOUNT, kind) for kind in (MeterKind.COLD, MeterKind.HOT)
        ]
        assert await last_reading(session, DEFAULT_COMPANY_ID, "1", MeterKind.COLD) is None
    assert cold is not None
    assert hot is not None
    assert (cold.value, hot.value) == (110, 7)


async def test_what_is_odd_stands_beside_the_reading_and_a_slip_of_the_same_call_is_no_yardstick(
    database: Database, bookkeeper: NoteApplier
) -> None:
    await tell(database, bookkeeper, 100, call="b1-1.1")
    later = MORNING + MONTH
    await tell(database, bookkeeper, 1150, call="b1-1.2", at=later)
    await tell(database, bookkeeper, 115, call="b1-1.2", at=later + timedelta(minutes=1))
    async with database.begin() as session:
        doubts = [(reading.value, reading.doubt) for reading in await newest_readings(session, DEFAULT_COMPANY_ID)]
    assert doubts == [(115, None), (1150, "much"), (100, None)]


async def test_the_robot_asks_before_the_reading_is_taken(database: Database, bookkeeper: NoteApplier) -> None:
    register = DatabaseTicketRegister(database, categories=lambda: Categories(()), zone=MOSCOW)
    await tell(database, bookkeeper, 100, call="b1-1.1")
    for value, doubt in ((99, "less"), (100, None), (140, None), (141, "much")):
        asked = register.find_reading_doubt(dialled="", account=ACCOUNT, meter="cold", value=value, now=MORNING + MONTH)
        assert await asked == doubt


@pytest.mark.parametrize(
    ("value", "months", "doubt"), [(160, 2, None), (260, 2, ReadingDoubt.EXCESSIVE), (139, 0, None)]
)
def test_what_a_flat_uses_grows_with_the_time_and_a_month_is_the_least(
    value: int, months: int, doubt: ReadingDoubt | None
) -> None:
    last = MeterReading(account=ACCOUNT, kind=MeterKind.COLD, value=100, taken_at=MORNING)
    assert find_doubt(MeterKind.COLD, value, last, now=MORNING + months * MONTH) is doubt


@pytest.mark.parametrize(
    ("kind", "value", "doubt"),
    [
        (MeterKind.HOT, 90_000, ReadingDoubt.EXCESSIVE),
        (MeterKind.HOT, 4_000, None),
        (MeterKind.COLD, 5_760, None),
        (MeterKind.COLD, 5_761, ReadingDoubt.EXCESSIVE),
        (MeterKind.ELECTRICITY, 90_000, None),
        (MeterKind.ELECTRICITY, 900_000, ReadingDoubt.EXCESSIVE),
        (MeterKind.COLD, 0, None),
    ],
)
def test_the_first_reading_is_held_against_what_a_meter_counts_in_its_life(
    kind: MeterKind, value: int, doubt: ReadingDoubt | None
) -> None:
    assert find_doubt(kind, value, None, now=MORNING) is doubt


async def test_a_first_reading_that_cannot_be_is_asked_about_and_marked(
    database: Database, bookkeeper: NoteApplier
) -> None:
    register = DatabaseTicketRegister(database, categories=lambda: Categories(()), zone=MOSCOW)
    assert (
        await register.find_reading_doubt(dialled="", account=ACCOUNT, meter="hot", value=90_000, now=MORNING) == "much"
    )
    await tell(database, bookkeeper, 90_000, call="b1-1.1", meter="hot")
    async with database.begin() as session:
        (reading,) = await newest_readings(session, DEFAULT_COMPANY_ID)
    assert reading.doubt == "much"

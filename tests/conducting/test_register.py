"""The register of tickets and the board's alarms over a real database."""

import time

import pytest
from sqlalchemy import select

from callcenter.alarms.models import Alarm, AlarmKind
from callcenter.conducting.action_specs import DIGITS, OVERDUE, TICKET_STATUS, TICKETS
from callcenter.conducting.actions import ScriptActions
from callcenter.conducting.caller import Arrival
from callcenter.conducting.register import ALARM_SECONDS, DatabaseAlarms, DatabaseTicketRegister
from callcenter.core.database import Database
from callcenter.core.errors import DatabaseUnavailable
from callcenter.knowledge.categories import Categories
from callcenter.knowledge.categories_file import read_categories
from callcenter.settings import TREE
from callcenter.tickets.new_ticket import NewTicket
from tests.stand_ins.centre import MOSCOW
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.notes import KeptNotes

PHONE = "+79001112233"
NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:9/nothing"


def read() -> Categories:
    return read_categories(TREE / "knowledge_base" / "categories.yaml")[0]


@pytest.fixture
def register(database: Database) -> DatabaseTicketRegister:
    return DatabaseTicketRegister(database, categories=read, zone=MOSCOW)


async def report(register: DatabaseTicketRegister, clock: FakeClock, call_id: str, category: str) -> str:
    new_ticket = NewTicket(call_id=call_id, category=category, reported_at=clock.now(), contact_phone=PHONE)
    return (await register.register(new_ticket)).number


async def test_a_call_has_one_ticket_however_often_it_is_asked_for(
    register: DatabaseTicketRegister, clock: FakeClock
) -> None:
    first = await report(register, clock, "b1-1.1", "WAT_LEAK_RISER")
    assert await report(register, clock, "b1-1.1", "WAT_LEAK_RISER") == first == "26-000001"
    assert await report(register, clock, "b1-1.2", "HEAT_NONE") == "26-000002"


async def test_a_ticket_is_found_by_its_digits_and_a_wrong_number_is_not(
    register: DatabaseTicketRegister, clock: FakeClock
) -> None:
    await report(register, clock, "b1-1.1", "WAT_LEAK_RISER")
    found = await register.find_by_digits("26000001", dialled="")
    assert found is not None
    state, due_at = found
    assert state == "registered"
    assert due_at is not None
    assert due_at > clock.now()
    assert await register.find_by_digits("26000002", dialled="") is None


async def test_whoever_asks_after_the_term_of_their_ticket_hears_that_it_is_past(
    register: DatabaseTicketRegister, clock: FakeClock
) -> None:
    await report(register, clock, "b1-1.1", "LIFT_FAULT")
    clock.advance(days=30)
    actions = ScriptActions(register=register, notes=KeptNotes(), clock=clock, zone=MOSCOW)
    arrival = Arrival("b1-1.2", "78120000000", PHONE, PHONE, clock.now())
    for digits in ("", "26000001"):
        found = await actions.run_action(TICKET_STATUS, arrival=arrival, arguments={DIGITS: digits})
        assert found.outcome == OVERDUE
        assert "нарушен: обещали двадцать пятого ноября" in found.facts[TICKETS]


async def test_a_category_out_of_force_is_an_error_and_leaves_no_ticket(
    register: DatabaseTicketRegister, clock: FakeClock
) -> None:
    with pytest.raises(KeyError):
        await report(register, clock, "b1-1.1", "NO_SUCH")
    assert await register.find_by_digits("26000001", dialled="") is None


async def test_without_a_database_the_register_is_silent_and_an_alarm_costs_no_more_than_a_moment(
    clock: FakeClock,
) -> None:
    nowhere = Database(NOWHERE, connect_seconds=1)
    register = DatabaseTicketRegister(nowhere, categories=read, zone=MOSCOW)
    with pytest.raises(DatabaseUnavailable):
        await report(register, clock, "b1-1.1", "WAT_LEAK_RISER")
    with pytest.raises(DatabaseUnavailable):
        await register.find_by_digits("26000001", dialled="")
    alarms, started = DatabaseAlarms(nowhere, clock), time.monotonic()
    await alarms.raise_alarm(AlarmKind.SCRIPT, "main.yaml", "сломан")
    await alarms.clear_alarm(AlarmKind.SCRIPT, "main.yaml")
    assert time.monotonic() - started < 2 * ALARM_SECONDS + 10
    await nowhere.close()


async def test_an_alarm_stands_until_it_is_cleared(database: Database, clock: FakeClock) -> None:
    alarms = DatabaseAlarms(database, clock)
    await alarms.raise_alarm(AlarmKind.SCRIPT, "main.yaml", "сломан")
    clock.advance(minutes=1)
    await alarms.clear_alarm(AlarmKind.SCRIPT, "main.yaml")
    async with database.begin() as session:
        row = await session.scalar(select(Alarm))
    assert row is not None
    assert (row.message, row.cleared_at) == ("сломан", clock.now())

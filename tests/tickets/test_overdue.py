"""A term that has passed is an alarm on the board, once, until somebody has seen it or the ticket is cancelled."""

from datetime import timedelta

from callcenter.alarms.models import Alarm, AlarmKind
from callcenter.alarms.service import mark_seen
from callcenter.alarms.views import open_alarms
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.intake.registration import register_ticket
from callcenter.tickets.drafts import cancel
from callcenter.tickets.new_ticket import NewTicket
from callcenter.tickets.overdue import raise_overdue_alarms
from callcenter.tickets.views import ticket_of_call
from tests.helpers.categories import MOSCOW, make_category
from tests.stand_ins.clock import MORNING

CALL = "b1-1.1"
TERM = timedelta(minutes=30)


async def check(database: Database, *, after: timedelta) -> int:
    async with database.begin() as session:
        return await raise_overdue_alarms(session, now=MORNING + after)


async def alarms(database: Database) -> list[Alarm]:
    async with database.begin() as session:
        return [one for one in await open_alarms(session, DEFAULT_COMPANY_ID) if one.kind == AlarmKind.TICKET_OVERDUE]


async def report_leak(database: Database) -> int:
    category = make_category()
    await register_ticket(database, NewTicket(CALL, category.code, MORNING), category, zone=MOSCOW)
    async with database.begin() as session:
        ticket = await ticket_of_call(session, CALL)
    assert ticket is not None
    return ticket.id


async def test_a_term_that_has_passed_is_an_alarm_once(database: Database) -> None:
    ticket_id = await report_leak(database)
    assert await check(database, after=TERM - timedelta(seconds=1)) == 0
    assert await check(database, after=TERM) == 1
    assert await check(database, after=TERM) == 0
    (alarm,) = await alarms(database)
    assert alarm.message.startswith("Срок заявки вышел: ")
    assert (alarm.facts["ticket"], alarm.facts["number"], alarm.company_id) == (
        ticket_id,
        "26-000001",
        DEFAULT_COMPANY_ID,
    )
    async with database.begin() as session:
        await mark_seen(session, alarm.id, company_id=DEFAULT_COMPANY_ID, by="anna", now=MORNING + TERM)
    assert await check(database, after=2 * TERM) == 0, "whoever has seen it is not asked again"
    assert await alarms(database) == []


async def test_a_cancelled_ticket_takes_its_alarm_along(database: Database) -> None:
    ticket_id = await report_leak(database)
    await check(database, after=TERM)
    async with database.begin() as session:
        await cancel(
            session, ticket_id, company_id=DEFAULT_COMPANY_ID, reason="повтор", author="anna", now=MORNING + TERM
        )
    assert await alarms(database) == []
    assert await check(database, after=2 * TERM) == 0

"""Implements the ticket register and the alarms of `ports` over PostgreSQL."""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

import structlog

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import clear_alarm, raise_alarm
from callcenter.companies.service import choose_company
from callcenter.conducting.deadline import run_within
from callcenter.conducting.ports import OpenTicket
from callcenter.core.clock import Clock
from callcenter.core.database import Database
from callcenter.intake.registration import RegisteredTicket, find_open_tickets, find_ticket, register_ticket
from callcenter.knowledge.categories import Categories
from callcenter.meters.models import MeterKind
from callcenter.meters.plausible import find_doubt
from callcenter.meters.views import last_reading
from callcenter.tickets.new_ticket import NewTicket

log = structlog.get_logger()

ALARM_SECONDS = 3.0
"""Timeout in seconds for raising or clearing one alarm in the database."""


class DatabaseTicketRegister:
    """Implements `ports.TicketRegister`. `categories` returns the ticket categories in force."""

    def __init__(self, database: Database, *, categories: Callable[[], Categories], zone: tzinfo) -> None:
        self._database = database
        self._categories = categories
        self._zone = zone

    async def register(self, new_ticket: NewTicket) -> RegisteredTicket:
        """Raises DatabaseUnavailable, and KeyError for a category that is not in force."""
        category = self._categories()[new_ticket.category]
        return await register_ticket(self._database, new_ticket, category, zone=self._zone)

    async def find_open(self, *, dialled: str, phone: str | None, call_id: str) -> Sequence[OpenTicket]:
        found = await find_open_tickets(self._database, dialled=dialled, phone=phone, call_id=call_id)
        return [OpenTicket(one.number, code, str(one.state), one.due_at) for one, code in found]

    async def find_by_digits(self, digits: str, *, dialled: str) -> tuple[str, datetime | None] | None:
        ticket = await find_ticket(self._database, digits, dialled=dialled)
        return None if ticket is None else (str(ticket.state), ticket.due_at)

    async def find_reading_doubt(
        self, *, dialled: str, account: str, meter: str, value: int, now: datetime
    ) -> str | None:
        kind = MeterKind(meter)
        async with self._database.begin() as session:
            company_id = await choose_company(session, dialled)
            previous = await last_reading(session, company_id, account, kind)
            return find_doubt(kind, value, previous, now=now)


class DatabaseAlarms:
    """Implements `ports.Alarms`. An alarm that the database does not accept within `ALARM_SECONDS` is only logged."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def raise_alarm(self, kind: AlarmKind, subject: str, message: str) -> None:
        try:
            await run_within(ALARM_SECONDS, self._raise(kind, subject, message))
        except Exception as error:  # a failed alarm must not break the work that reported it
            log.error("an alarm could not be shown", kind=kind, subject=subject, message=message, error=repr(error))

    async def clear_alarm(self, kind: AlarmKind, subject: str) -> None:
        try:
            await run_within(ALARM_SECONDS, self._clear(kind, subject))
        except Exception as error:  # a failed alarm must not break the work that reported it
            log.error("an alarm could not be cleared", kind=kind, subject=subject, error=repr(error))

    async def _raise(self, kind: AlarmKind, subject: str, message: str) -> None:
        async with self._database.begin() as session:
            await raise_alarm(session, kind=kind, subject=subject, message=message, now=self._clock.now())

    async def _clear(self, kind: AlarmKind, subject: str) -> None:
        async with self._database.begin() as session:
            await clear_alarm(session, kind=kind, subject=subject, now=self._clock.now())

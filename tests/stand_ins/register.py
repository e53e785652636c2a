"""A register of tickets on paper, and a board that keeps its alarms."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from callcenter.alarms.models import AlarmKind
from callcenter.conducting.ports import OpenTicket
from callcenter.core.errors import DatabaseUnavailable
from callcenter.intake.registration import RegisteredTicket
from callcenter.tickets.new_ticket import NewTicket


class PaperRegister:
    """`away`: the database refuses; `frozen`: it never answers, and does not even notice being cancelled."""

    def __init__(self) -> None:
        self.tickets: dict[str, tuple[str, str, str | None, str]] = {}
        """Call id -> number, category, contact, description."""
        self.addresses: dict[str, str] = {}
        """Call id -> the address of its ticket."""
        self.readings: dict[tuple[str, str], int] = {}
        """Account and meter -> the last reading."""
        self.due_at: datetime | None = None
        """The term of every ticket that is looked for."""
        self.asked = 0
        self.away = False
        self.frozen: asyncio.Event | None = None

    async def register(self, new_ticket: NewTicket) -> RegisteredTicket:
        await self._connect()
        key, is_new = new_ticket.call_id, new_ticket.call_id not in self.tickets
        if new_ticket.is_additional:
            own = f"{key}/{new_ticket.category}"
            is_new = own not in self.tickets and self.tickets[key][1] != new_ticket.category
            key = own if is_new or own in self.tickets else key
        self.addresses.setdefault(key, new_ticket.address)
        number = f"26-{len(self.tickets) + 1:06d}"
        entry = (number, new_ticket.category, new_ticket.contact_phone, new_ticket.description)
        number = self.tickets.setdefault(key, entry)[0]
        return RegisteredTicket(number, new_ticket.reported_at + timedelta(minutes=30), "", is_new=is_new)

    async def find_open(self, *, dialled: str, phone: str | None, call_id: str) -> Sequence[OpenTicket]:
        await self._connect()
        theirs = [
            entry
            for key, entry in self.tickets.items()
            if key.split("/")[0] == call_id or (phone and entry[2] == phone)
        ]
        return [OpenTicket(number, category, "registered", self.due_at) for number, category, _, _ in reversed(theirs)]

    async def find_by_digits(self, digits: str, *, dialled: str) -> tuple[str, datetime | None] | None:
        await self._connect()
        numbers = {entry[0].replace("-", ""): entry for entry in self.tickets.values()}
        return ("registered", self.due_at) if digits in numbers else None

    async def find_reading_doubt(
        self, *, dialled: str, account: str, meter: str, value: int, now: datetime
    ) -> str | None:
        await self._connect()
        return "less" if value < self.readings.get((account, meter), 0) else None

    async def _connect(self) -> None:
        self.asked += 1
        if self.away:
            raise DatabaseUnavailable
        while self.frozen is not None and not self.frozen.is_set():
            try:
                await self.frozen.wait()
            except asyncio.CancelledError:
                continue


class KeptAlarms:
    """The alarms that stand, by kind and subject."""

    def __init__(self) -> None:
        self.standing: dict[tuple[AlarmKind, str], str] = {}

    async def raise_alarm(self, kind: AlarmKind, subject: str, message: str) -> None:
        self.standing.setdefault((kind, subject), message)

    async def clear_alarm(self, kind: AlarmKind, subject: str) -> None:
        self.standing.pop((kind, subject), None)

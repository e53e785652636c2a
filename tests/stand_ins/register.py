"""A register of tickets on paper, and a board that keeps its alarms."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from callcenter.alarms.models import AlarmKind
from callcenter.conducting.ports import OpenTicket
from callcenter.core.errors import DatabaseUnavailable


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

    async def register(
        self, *, call_id: str, category: str, contact: str | None, description: str, address: str, now: datetime
    ) -> tuple[str, datetime | None]:
        await self._connect()
        self.addresses.setdefault(call_id, address)
        number = f"26-{len(self.tickets) + 1:06d}"
        number = self.tickets.setdefault(call_id, (number, category, contact, description))[0]
        return number, now + timedelta(minutes=30)

    async def register_another(
        self, *, call_id: str, category: str, contact: str | None, description: str, address: str, now: datetime
    ) -> tuple[str, datetime | None, bool]:
        await self._connect()
        key = f"{call_id}/{category}"
        new = key not in self.tickets and self.tickets[call_id][1] != category
        own = key if new or key in self.tickets else call_id
        self.addresses.setdefault(own, address)
        number = f"26-{len(self.tickets) + 1:06d}"
        number = self.tickets.setdefault(own, (number, category, contact, description))[0]
        return number, now + timedelta(minutes=30), new

    async def find_open(self, *, phone: str | None, call_id: str) -> Sequence[OpenTicket]:
        await self._connect()
        theirs = [
            entry
            for key, entry in self.tickets.items()
            if key.split("/")[0] == call_id or (phone and entry[2] == phone)
        ]
        return [OpenTicket(number, category, "registered", self.due_at) for number, category, _, _ in reversed(theirs)]

    async def find_by_digits(self, digits: str) -> tuple[str, datetime | None] | None:
        await self._connect()
        numbers = {entry[0].replace("-", ""): entry for entry in self.tickets.values()}
        return ("registered", self.due_at) if digits in numbers else None

    async def find_reading_doubt(self, *, account: str, meter: str, value: int, now: datetime) -> str | None:
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

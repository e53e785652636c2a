"""What a talk in a terminal has done: the centre's own actions over a register on paper, so that a ticket and a reading
come out as they were told, and nothing is kept."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from callcenter.conducting.action_specs import CHECK_CALLER, MARK_DANGER, TICKET_STATUS
from callcenter.conducting.actions import ScriptActions
from callcenter.conducting.caller import Arrival
from callcenter.conducting.knowledge_snapshot import KnowledgeSnapshot
from callcenter.conducting.ports import OpenTicket
from callcenter.core.clock import Clock
from callcenter.dialogue.scripts.rehearsal import CarryOut
from callcenter.dialogue.scripts.talks import GivenOutcome
from callcenter.journal.notes import Note
from callcenter.knowledge.categories import Categories, ClockStart
from callcenter.meters.models import MeterKind
from callcenter.meters.plausible import find_doubt
from callcenter.tickets.clocks import set_clocks

_UNDECIDED_ACTIONS = frozenset((CHECK_CALLER, MARK_DANGER, TICKET_STATUS))
"""How these end hangs on a telephone, or on tickets of other days: nothing that was said tells it."""


class InMemoryTicketRegister:
    """Implements `ports.TicketRegister`: the tickets of one talk, and meters that nobody has read before."""

    def __init__(self, categories: Categories, zone: ZoneInfo) -> None:
        self._categories = categories
        self._zone = zone
        self._tickets: dict[str, tuple[str, datetime | None]] = {}
        """Category -> number and nearest term."""

    async def register(
        self, *, call_id: str, category: str, contact: str | None, description: str, address: str, now: datetime
    ) -> tuple[str, datetime | None]:
        """See TicketRegister."""
        return self._open(category, now) if not self._tickets else next(iter(self._tickets.values()))

    async def register_another(
        self, *, call_id: str, category: str, contact: str | None, description: str, address: str, now: datetime
    ) -> tuple[str, datetime | None, bool]:
        """See TicketRegister."""
        new = category not in self._tickets
        return *self._open(category, now), new

    async def find_open(self, *, phone: str | None, call_id: str) -> Sequence[OpenTicket]:
        """None: see `_UNDECIDED_ACTIONS`."""
        return ()

    async def find_by_digits(self, digits: str) -> tuple[str, datetime | None] | None:
        """None: see `_UNDECIDED_ACTIONS`."""
        return None

    async def find_reading_doubt(self, *, account: str, meter: str, value: int, now: datetime) -> str | None:
        """See TicketRegister."""
        return find_doubt(MeterKind(meter), value, None, now=now)

    def _open(self, code: str, now: datetime) -> tuple[str, datetime | None]:
        if code not in self._tickets:
            starts = dict.fromkeys(ClockStart, now)
            deadlines = set_clocks(self._categories[code].clocks, starts=starts, zone=self._zone)
            number = f"{now.astimezone(self._zone):%y}-{len(self._tickets) + 1:06d}"
            self._tickets[code] = number, deadlines[0].due_at if deadlines else None
        return self._tickets[code]


class _NullNoteWriter:
    def write(self, note: Note) -> None:
        """Nothing of a talk in a terminal is kept."""


def open_paper(known: KnowledgeSnapshot, zone: ZoneInfo, clock: Clock) -> CarryOut:
    """Carries out the actions of one talk. None for one whose end nothing tells."""
    register = InMemoryTicketRegister(known.categories, zone)
    actions = ScriptActions(
        register=register, notes=_NullNoteWriter(), clock=clock, zone=zone, get_knowledge=lambda: known
    )
    arrival = Arrival("talk", "", "", None, clock.now())

    def carry_out(action: str, arguments: Mapping[str, str]) -> GivenOutcome | None:
        if action in _UNDECIDED_ACTIONS:
            return None
        result = asyncio.run(actions.run_action(action, arrival=arrival, arguments=arguments))
        return GivenOutcome(result.outcome, result.facts)

    return carry_out

"""Runs the script actions of `callcenter talk` on a ticket register in memory.

Tickets and meter readings get the same outcomes as in a real call; nothing is stored.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from callcenter.conducting.action_specs import CHECK_CALLER, MARK_DANGER, TICKET_STATUS
from callcenter.conducting.actions import ScriptActions
from callcenter.conducting.caller import Arrival
from callcenter.conducting.knowledge_snapshot import KnowledgeSnapshot
from callcenter.conducting.ports import OpenTicket
from callcenter.core.clock import Clock
from callcenter.dialogue.scripts.rehearsal import GetOutcome
from callcenter.dialogue.scripts.talks import GivenOutcome
from callcenter.intake.registration import RegisteredTicket
from callcenter.journal.notes import Note
from callcenter.knowledge.categories import Categories, ClockStart
from callcenter.meters.models import MeterKind
from callcenter.meters.plausible import find_doubt
from callcenter.tickets.clocks import set_clocks
from callcenter.tickets.new_ticket import NewTicket

_UNDECIDED_ACTIONS = frozenset((CHECK_CALLER, MARK_DANGER, TICKET_STATUS))
"""Actions that are not run: they need the caller's telephone number, a call to mark, or tickets of earlier calls."""


class InMemoryTicketRegister:
    """Implements `ports.TicketRegister` for the tickets of one talk. Meters have no previous reading."""

    def __init__(self, categories: Categories, zone: ZoneInfo) -> None:
        self._categories = categories
        self._zone = zone
        self._tickets: dict[str, RegisteredTicket] = {}
        """By category code."""

    async def register(self, new_ticket: NewTicket) -> RegisteredTicket:
        """See TicketRegister."""
        if self._tickets and not new_ticket.is_additional:
            return replace(next(iter(self._tickets.values())), is_new=False)
        is_new = new_ticket.category not in self._tickets
        return replace(self._open(new_ticket.category, new_ticket.reported_at), is_new=is_new)

    async def find_open(self, *, dialled: str, phone: str | None, call_id: str) -> Sequence[OpenTicket]:
        """Always empty; see `_UNDECIDED_ACTIONS`."""
        return ()

    async def find_by_digits(self, digits: str, *, dialled: str) -> tuple[str, datetime | None] | None:
        """Always None; see `_UNDECIDED_ACTIONS`."""
        return None

    async def find_reading_doubt(
        self, *, dialled: str, account: str, meter: str, value: int, now: datetime
    ) -> str | None:
        """See TicketRegister."""
        return find_doubt(MeterKind(meter), value, None, now=now)

    def _open(self, code: str, now: datetime) -> RegisteredTicket:
        if code not in self._tickets:
            starts = dict.fromkeys(ClockStart, now)
            deadlines = set_clocks(self._categories[code].clocks, starts=starts, zone=self._zone)
            number = f"{now.astimezone(self._zone):%y}-{len(self._tickets) + 1:06d}"
            due_at = deadlines[0].due_at if deadlines else None
            self._tickets[code] = RegisteredTicket(number, due_at, self._categories[code].responsible or "")
        return self._tickets[code]


class _NullNoteWriter:
    def write(self, note: Note) -> None:
        """Discards the note."""


def open_in_memory_actions(known: KnowledgeSnapshot, zone: ZoneInfo, clock: Clock) -> GetOutcome:
    """Returns a function that runs the actions of one talk; it returns None for an action of `_UNDECIDED_ACTIONS`."""
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

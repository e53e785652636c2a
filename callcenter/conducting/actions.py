"""The actions that scripts may request.

To add an action, write a function, add it to `_functions`, and add a spec to `action_specs.py`. An action that needs
neither the database nor the call belongs in `plain_actions.py`.

Returned facts are ready to be spoken. An unavailable PostgreSQL is an outcome, not an error: the robot promises a
callback, and a note causes the ticket to be opened once the database is back.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from callcenter.conducting import action_specs as names
from callcenter.conducting.caller import Arrival
from callcenter.conducting.deadline import run_within
from callcenter.conducting.knowledge_snapshot import KnowledgeSnapshot
from callcenter.conducting.meter_actions import MeterActions
from callcenter.conducting.plain_actions import PlainActions
from callcenter.conducting.ports import ActionRequest, ActionResult, NoteWriter, OpenTicket, TicketRegister
from callcenter.conducting.terms import say_due, say_term
from callcenter.conducting.texts import texts
from callcenter.core.clock import Clock
from callcenter.core.errors import CallcenterError, DatabaseUnavailable
from callcenter.core.event_kinds import EventKind
from callcenter.core.ids import new_id
from callcenter.core.phone_numbers import parse_phone
from callcenter.journal.notes import Note
from callcenter.knowledge.categories import AddressScope
from callcenter.tickets.new_ticket import NewTicket
from callcenter.wording.labels import label
from callcenter.wording.spoken import spoken_ticket_number

log = structlog.get_logger()

DATABASE_SECONDS = 2.0
"""Timeout in seconds of a database query while the caller waits."""
MAX_LISTED_TICKETS = 3
"""Most tickets listed to a caller, who cannot remember more by ear."""


class UnknownAction(CallcenterError):
    """No action with this name exists."""


class ScriptActions:
    """Implements `ports.Actions` with the ticket register and the robot's notes."""

    def __init__(
        self,
        *,
        register: TicketRegister,
        notes: NoteWriter,
        clock: Clock,
        zone: ZoneInfo,
        get_knowledge: Callable[[], KnowledgeSnapshot] = KnowledgeSnapshot,
    ) -> None:
        """`get_knowledge` returns the houses, categories and outages in force."""
        self._register = register
        self._notes = notes
        self._clock = clock
        self._zone = zone
        self._known = get_knowledge
        self._plain = PlainActions(get_knowledge, zone)
        meters = MeterActions(register=register, write=self._note, seconds=DATABASE_SECONDS)
        self._functions: Mapping[str, Callable[[ActionRequest], Awaitable[ActionResult]]] = {
            names.REGISTER_TICKET: self._register_ticket,
            names.TICKET_STATUS: self._tell_status,
            names.MARK_DANGER: self._mark_danger,
            names.CHECK_CALLER: self._check_caller,
            names.CHECK_READING: meters.check,
            names.TAKE_READING: meters.take,
        }

    async def run_action(self, action: str, *, arrival: Arrival, arguments: Mapping[str, str]) -> ActionResult:
        """Runs `action` for the call of `arrival`. Raises UnknownAction."""
        request = ActionRequest(arrival, arguments, self._clock.now())
        if found := self._plain.carry_out(action, arguments, now=request.now):
            for kind, facts in found.notes.items():
                self._note(request, kind, **facts)
            return found.result
        function = self._functions.get(action)
        if function is None:
            raise UnknownAction(f"no action «{action}»")
        return await function(request)

    async def _register_ticket(self, request: ActionRequest) -> ActionResult:
        """Registers the call's ticket, or a further one when the call has a ticket already (one per category)."""
        new_ticket = NewTicket(
            call_id=request.arrival.call_id,
            category=request.arguments[names.CATEGORY],
            reported_at=request.now,
            contact_phone=_contact(request),
            description=request.arguments.get(names.DESCRIPTION, ""),
            address=request.arguments.get(names.ADDRESS, ""),
            is_additional=names.TICKET_NUMBER in request.arguments,
        )
        try:
            ticket = await run_within(DATABASE_SECONDS, self._register.register(new_ticket))
        except (DatabaseUnavailable, TimeoutError) as error:
            log.warning("no database for a ticket", call_id=request.arrival.call_id, error=repr(error))
            self._note(
                request,
                EventKind.TICKET_WANTED,
                category=new_ticket.category,
                contact=new_ticket.contact_phone,
                description=new_ticket.description,
                address=new_ticket.address,
                **({"more": "yes"} if new_ticket.is_additional else {}),
            )
            return ActionResult(names.NO_DATABASE, {})
        told = {
            names.TICKET_NUMBER: spoken_ticket_number(ticket.number),
            names.TERM: self._say_term(new_ticket.category, ticket.due_at, request),
        }
        if new_ticket.is_additional and not ticket.is_new:
            return ActionResult(names.ALREADY, told)
        if new_ticket.address or self._needs_no_address(new_ticket.category):
            return ActionResult(names.READY, told)
        self._note(request, EventKind.ADDRESS_WANTED)  # an address cannot be entered by keys: a dispatcher calls back
        return ActionResult(names.NO_ADDRESS, told)

    def _needs_no_address(self, code: str) -> bool:
        category = self._known().categories.get(code)
        return category is not None and category.address_precision is AddressScope.NOWHERE

    async def _tell_status(self, request: ActionRequest) -> ActionResult:
        """Tells state and deadline, never a name or an address, because anybody may enter a ticket number."""
        if not request.arguments[names.DIGITS]:
            return await self._tell_open_tickets(request)
        try:
            digits, dialled = request.arguments[names.DIGITS], request.arrival.dialled
            found = await run_within(DATABASE_SECONDS, self._register.find_by_digits(digits, dialled=dialled))
        except (DatabaseUnavailable, TimeoutError) as error:
            log.warning("no database for a status", call_id=request.arrival.call_id, error=repr(error))
            return ActionResult(names.NO_DATABASE, {})
        if found is None:
            return ActionResult(names.NOT_FOUND, {})
        state, due_at = found
        told = {names.STATE: label("spoken_ticket_state", state)}
        if due_at is None:
            return ActionResult(names.NO_TERM, told)
        if due_at < request.now:
            return ActionResult(
                names.OVERDUE, {names.TICKETS: texts().overdue.format(term=self._say_due(due_at, request))}
            )
        return ActionResult(names.READY, {**told, names.TERM: self._say_due(due_at, request)})

    async def _tell_open_tickets(self, request: ActionRequest) -> ActionResult:
        """Tells category, state and deadline of the open tickets reported in this call or from this phone number.

        If any are overdue, only those are told. A caller number can be forged, so no name or address is told.
        """
        arrival = request.arrival
        try:
            found = await run_within(
                DATABASE_SECONDS,
                self._register.find_open(dialled=arrival.dialled, phone=arrival.caller_number, call_id=arrival.call_id),
            )
        except (DatabaseUnavailable, TimeoutError) as error:
            log.warning("no database for a status", call_id=arrival.call_id, error=repr(error))
            return ActionResult(names.NO_DATABASE, {})
        if not found or names.TICKETS in request.arguments:  # already read out: the caller means another one
            return ActionResult(names.NO_NUMBER, {})
        if late := [ticket for ticket in found if ticket.due_at is not None and ticket.due_at < request.now]:
            lines = [self._say_overdue(ticket, request) for ticket in late[:MAX_LISTED_TICKETS]]
            return ActionResult(names.OVERDUE, {names.TICKETS: " ".join(lines)})
        lines = [self._say_open(ticket, request, alone=len(found) == 1) for ticket in found[:MAX_LISTED_TICKETS]]
        told = texts().one_open if len(found) == 1 else texts().several_open
        return ActionResult(names.BY_PHONE, {names.TICKETS: " ".join([told, *lines])})

    def _say_overdue(self, ticket: OpenTicket, request: ActionRequest) -> str:
        trouble = self._known().categories.get_spoken_name(ticket.category)
        term = self._say_due(ticket.due_at, request) if ticket.due_at else ""
        return texts().overdue_of.format(trouble=trouble, term=term)

    def _say_open(self, ticket: OpenTicket, request: ActionRequest, *, alone: bool) -> str:
        """`alone`: this is the only ticket. Several tickets are read out without numbers, because three numbers are
        hard to remember, and the categories distinguish the tickets."""
        term = texts().open_term.format(term=self._say_due(ticket.due_at, request)) if ticket.due_at else ""
        trouble, state = (
            self._known().categories.get_spoken_name(ticket.category),
            label("spoken_ticket_state", ticket.state),
        )
        if alone:
            number = spoken_ticket_number(ticket.number)
            return texts().open.format(number=number, trouble=trouble, state=state, term=term)
        return texts().open_of_several.format(trouble=trouble.capitalize(), state=state, term=term)

    async def _mark_danger(self, request: ActionRequest) -> ActionResult:
        """Writes a note, which raises the alarm and marks the call even if the database is unavailable now."""
        self._note(request, EventKind.DANGER, category=request.arguments[names.CATEGORY])
        return ActionResult(names.READY, {})

    async def _check_caller(self, request: ActionRequest) -> ActionResult:
        number = request.arrival.caller_number
        if number is None:
            return ActionResult(names.WITHHELD, {})
        return ActionResult(names.KNOWN, {names.CONTACT: number})

    def _say_term(self, code: str, due_at: datetime | None, request: ActionRequest) -> str:
        return say_term(self._known().categories.get(code), due_at, now=request.now, zone=self._zone)

    def _say_due(self, due_at: datetime, request: ActionRequest) -> str:
        return say_due(due_at, now=request.now, zone=self._zone)

    def _note(self, request: ActionRequest, kind: str, **facts: str | None) -> None:
        self._notes.write(Note(new_id(), request.arrival.call_id, request.now, kind, dict(facts)))


def _contact(request: ActionRequest) -> str | None:
    """The contact that was typed, in E.164 if it is a phone number; else the caller's number."""
    typed = request.arguments.get(names.CONTACT, "")
    return parse_phone(typed) or typed[:20] or request.arrival.caller_number

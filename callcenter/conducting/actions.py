"""The actions a script may ask for. A new one: a function here, a line in `_functions`, a spec in `action_specs.py`.

Everything given back is ready to be spoken. PostgreSQL being away is an outcome, not an error: the robot promises to
call back, and a note has the ticket opened as soon as the database is there.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from callcenter.conducting import action_specs as names
from callcenter.conducting.addresses import check_address
from callcenter.conducting.caller import Arrival, normalise_number
from callcenter.conducting.deadline import within
from callcenter.conducting.known import Known
from callcenter.conducting.ports import ActionResult, DatabaseSilent, NoteBook, TicketRegister
from callcenter.conducting.words import words
from callcenter.core.clock import Clock
from callcenter.core.errors import CallcenterError
from callcenter.core.ids import new_id
from callcenter.dialogue.place import read_place, say_address
from callcenter.intake.notes import Note
from callcenter.knowledge.categories import Where
from callcenter.wording.spoken import spoken_moment, spoken_ticket_number

log = structlog.get_logger()

DATABASE_SECONDS = 2.0


class UnknownAction(CallcenterError):
    """No action has this name."""


@dataclass(frozen=True, slots=True)
class Request:
    """One action of one call."""

    arrival: Arrival
    arguments: Mapping[str, str]
    now: datetime


class ScriptActions:
    """Implements `ports.Actions` over a register of tickets and the robot's notes."""

    def __init__(
        self,
        *,
        register: TicketRegister,
        notes: NoteBook,
        clock: Clock,
        zone: ZoneInfo,
        known: Callable[[], Known] = Known,
    ) -> None:
        """`known` gives the houses, categories and outages in force now."""
        self._register = register
        self._notes = notes
        self._clock = clock
        self._zone = zone
        self._known = known
        self._functions: Mapping[str, Callable[[Request], Awaitable[ActionResult]]] = {
            names.REGISTER_TICKET: self._register_ticket,
            names.TICKET_STATUS: self._tell_status,
            names.MARK_DANGER: self._mark_danger,
            names.CHECK_CALLER: self._check_caller,
            names.CHECK_ADDRESS: self._check_address,
            names.NOTE_ADDRESS: self._note_address,
            names.FIND_CAUSE: self._find_cause,
            names.CHECK_READING: self._check_reading,
            names.TAKE_READING: self._take_reading,
        }

    async def carry_out(self, action: str, *, arrival: Arrival, arguments: Mapping[str, str]) -> ActionResult:
        """Raises UnknownAction."""
        function = self._functions.get(action)
        if function is None:
            raise UnknownAction(f"no action «{action}»")
        return await function(Request(arrival, arguments, self._clock.now()))

    async def _register_ticket(self, request: Request) -> ActionResult:
        if names.TICKET_NUMBER in request.arguments:
            return ActionResult(names.ALREADY, {})  # a call has one ticket: a second trouble is told to a person
        category = request.arguments[names.CATEGORY]
        contact = _contact(request)
        description = request.arguments.get(names.DESCRIPTION, "")
        address = request.arguments.get(names.ADDRESS, "")
        try:
            number, due_at = await within(
                DATABASE_SECONDS,
                self._register.register(
                    call_id=request.arrival.call_id,
                    category=category,
                    contact=contact,
                    description=description,
                    address=address,
                    now=request.now,
                ),
            )
        except (DatabaseSilent, TimeoutError) as error:
            log.warning("no database for a ticket", call_id=request.arrival.call_id, error=repr(error))
            wanted = {"category": category, "contact": contact, "description": description, "address": address}
            self._note(request, "ticket_wanted", **wanted)
            return ActionResult(names.NO_DATABASE, {})
        told = {names.TICKET_NUMBER: spoken_ticket_number(number), names.TERM: self._term(due_at, request)}
        if address or self._needs_no_address(category):
            return ActionResult(names.READY, told)
        self._note(request, "address_wanted")  # keys can't tell it: whoever is not talked with is called back
        return ActionResult(names.NO_ADDRESS, told)

    def _needs_no_address(self, code: str) -> bool:
        category = self._known().categories.get(code)
        return category is not None and category.where is Where.NOWHERE

    async def _tell_status(self, request: Request) -> ActionResult:
        """State and term, never a name or an address: whoever knows a number may ask."""
        if not request.arguments[names.DIGITS]:
            return ActionResult(names.NO_NUMBER, {})
        try:
            found = await within(DATABASE_SECONDS, self._register.find(request.arguments[names.DIGITS]))
        except (DatabaseSilent, TimeoutError) as error:
            log.warning("no database for a status", call_id=request.arrival.call_id, error=repr(error))
            return ActionResult(names.NO_DATABASE, {})
        if found is None:
            return ActionResult(names.NOT_FOUND, {})
        state, due_at = found
        told = {names.STATE: words().ticket_states[state]}
        if due_at is None:
            return ActionResult(names.NO_TERM, told)
        return ActionResult(names.READY, {**told, names.TERM: self._term(due_at, request)})

    async def _mark_danger(self, request: Request) -> ActionResult:
        """The note raises the alarm and marks the call, whether or not the database is there now."""
        self._note(request, "danger", category=request.arguments[names.CATEGORY])
        return ActionResult(names.READY, {})

    async def _check_caller(self, request: Request) -> ActionResult:
        number = request.arrival.caller_number
        if number is None:
            return ActionResult(names.WITHHELD, {})
        return ActionResult(names.KNOWN, {names.CONTACT: number})

    async def _check_address(self, request: Request) -> ActionResult:
        """What is known of it goes into the draft at once: the dispatcher sees it, whatever comes of the call."""
        category, tries = request.arguments.get(names.CATEGORY, ""), request.arguments.get(names.TRIES, "")
        checked = check_address(request.arguments[names.PLACE], category, int(tries or 0), self._known())
        if checked.said:
            self._note(request, "address", address=checked.said)
        return ActionResult(checked.outcome, checked.facts)

    async def _note_address(self, request: Request) -> ActionResult:
        """For whoever takes the call over: nothing is asked, and nothing is checked."""
        said = say_address(read_place(request.arguments[names.PLACE], self._known().houses))
        if said:
            self._note(request, "address", address=said)
        return ActionResult(names.READY, {})

    async def _find_cause(self, request: Request) -> ActionResult:
        known = self._known()
        house = read_place(request.arguments[names.PLACE], known.houses).house
        category = request.arguments[names.CATEGORY]
        outage = None if house is None else known.outages.find(house, (category,), now=request.now)
        if outage is None:
            return ActionResult(names.CAUSE_UNKNOWN, {})
        self._note(request, "cause", outage=outage.id)
        term = words().cause_no_term
        if outage.expected is not None:
            until = spoken_moment(outage.expected, now=request.now, zone=self._zone)
            term = words().cause_until.format(until=until)
        told = words().cause.format(reason=outage.reason, who=outage.who, term=term)
        return ActionResult(names.CAUSE_KNOWN, {names.CAUSE: told})

    async def _check_reading(self, request: Request) -> ActionResult:
        """The last reading is never told: whoever knows an account's number may ask."""
        account, meter, value = (request.arguments[name] for name in (names.ACCOUNT, names.METER, names.READING))
        asked = self._register.doubt_reading(account=account, meter=_METERS[meter], value=int(value), now=request.now)
        try:
            doubt = await within(DATABASE_SECONDS, asked)
        except (DatabaseSilent, TimeoutError) as error:
            log.warning("no database for a reading", call_id=request.arrival.call_id, error=repr(error))
            doubt = None  # it is taken all the same, and looked at when it is written
        return ActionResult(_DOUBTS.get(doubt or "", names.LIKELY), {})

    async def _take_reading(self, request: Request) -> ActionResult:
        """The note is safe at once, whether or not the database is there."""
        account, meter, value = (request.arguments[name] for name in (names.ACCOUNT, names.METER, names.READING))
        self._note(request, "reading", account=account, meter=_METERS[meter], value=value)
        return ActionResult(names.READY, {})

    def _term(self, due_at: datetime | None, request: Request) -> str:
        if due_at is None:
            return words().no_term
        return spoken_moment(due_at, now=request.now, zone=self._zone)

    def _note(self, request: Request, kind: str, **facts: str | None) -> None:
        self._notes.write(Note(new_id(), request.arrival.call_id, request.now, kind, dict(facts)))


_METERS = {"холодная вода": "cold", "горячая вода": "hot", "электричество": "electricity"}
_DOUBTS = {"less": names.LESS, "much": names.MUCH}


def _contact(request: Request) -> str | None:
    """What was typed, E.164 where it is a number; else the number that calls."""
    typed = request.arguments.get(names.CONTACT, "")
    return normalise_number(typed) or typed[:20] or request.arrival.caller_number

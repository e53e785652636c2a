"""The live board: what happens now. Each part can be asked for alone, when a notice says that it changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import Alarm, AlarmKind
from callcenter.alarms.views import open_alarms
from callcenter.calls.models import Call, CallState
from callcenter.calls.views import live_calls
from callcenter.queues.models import MemberState
from callcenter.queues.terms import missed_call_term
from callcenter.queues.views import members, open_tasks, waiting_requests
from callcenter.staff.views import names_by_interface, names_by_login
from callcenter.tickets.models import Ticket, TicketState
from callcenter.web.plumbing.app_state import AnOffice, Office
from callcenter.web.plumbing.pages import announce, is_partial, show
from callcenter.web.plumbing.visitors import AVisitor, Visitor

router = APIRouter()

_ORDER = (CallState.QUEUED, CallState.IVR, CallState.TALKING)
"""Whoever waits comes first."""
_AT_WORK = frozenset({MemberState.FREE, MemberState.RINGING, MemberState.TALKING, MemberState.WRAP_UP})


Facts = Mapping[str, Any]


class Part(StrEnum):
    """The parts of the board; each is a template `board_<part>.html`."""

    SUMMARY = "summary"
    CALLS = "calls"
    MEMBERS = "members"
    TASKS = "tasks"
    ALARMS = "alarms"
    DANGERS = "dangers"
    """The strip over all other pages."""


@dataclass(frozen=True, slots=True)
class LiveCall:
    call: Call
    since: datetime
    """When its present state began."""
    danger: str | None
    """The name of the danger, in words."""
    member: str | None
    """Who talks, by name."""
    ticket: Ticket | None
    own: bool
    """The visitor talks."""


@router.get("/")
async def show_board(request: Request, office: AnOffice, visitor: AVisitor) -> Response:
    now = office.clock.now()
    async with office.database.begin() as session:
        facts = await gather(session, office, visitor, Part)
    return show(request, office, "board.html", facts, visitor=visitor, now=now)


@router.get("/board/{part}")
async def show_part(request: Request, part: Part, office: AnOffice, visitor: AVisitor) -> Response:
    return await answer_with_part(request, office, visitor, part)


async def answer_with_part(request: Request, office: Office, visitor: Visitor, part: Part) -> Response:
    """The part as it stands now for htmx, the whole board for a browser without scripts; closes an open window."""
    if not is_partial(request):
        return RedirectResponse("/", status_code=303)
    async with office.database.begin() as session:
        facts = await gather(session, office, visitor, (part,))
    response = show(request, office, f"board_{part}.html", facts, visitor=visitor)
    return response if request.method == "GET" else announce(response, "desk:done")


async def gather(session: AsyncSession, office: Office, visitor: Visitor, parts: Iterable[Part]) -> Facts:
    """What these parts show. Open boards ask for single parts without end, so each costs only its own queries."""
    facts: dict[str, Any] = {}
    for piece in dict.fromkeys(piece for part in parts for piece in _PIECES[part]):
        facts |= await piece(session, office, visitor)
    return facts


async def _gather_calls(session: AsyncSession, office: Office, visitor: Visitor) -> Facts:
    rows = await live_calls(session)
    names = await names_by_interface(session)
    tickets = await tickets_of_calls(session, [call.id for call in rows])
    calls = [_describe(call, office, names, tickets.get(call.id), visitor) for call in rows]
    calls.sort(key=lambda line: (line.danger is None, _ORDER.index(line.call.state), line.since, line.call.id))
    waiting = [line for line in calls if line.call.state == CallState.QUEUED]
    return {
        "max_calls": office.settings.telephony.max_calls,
        "calls": calls,
        "waiting": waiting,
        "longest_wait_since": min((line.since for line in waiting), default=None),
    }


async def _gather_members(session: AsyncSession, office: Office, visitor: Visitor) -> Facts:
    crew = await members(session)
    return {
        "members": crew,
        "member_names": await names_by_interface(session),
        "member_requests": {request.interface: request for request in await waiting_requests(session)},
        "own_member": next((member for member in crew if member.interface == visitor.interface), None),
        "at_work": sum(member.state in _AT_WORK for member in crew),
        "free": sum(member.state == MemberState.FREE for member in crew),
    }


async def _gather_tasks(session: AsyncSession, office: Office, visitor: Visitor) -> Facts:
    tasks = await open_tasks(session)
    term = missed_call_term()
    return {
        "tasks": tasks,
        "task_tickets": await tickets_of_calls(session, [task.call_id for task in tasks]),
        "task_warn_seconds": int((term.due_after - term.warn_after).total_seconds()),
        "task_minutes": int(term.due_after.total_seconds()) // 60,
        "task_basis": term.basis,
        "people": await names_by_login(session),
    }


async def _gather_alarms(session: AsyncSession, office: Office, visitor: Visitor) -> Facts:
    alarms = sorted(await open_alarms(session), key=lambda alarm: not _is_unseen_danger(alarm))
    return {
        "alarms": alarms,
        "unseen": sum(alarm.seen_at is None for alarm in alarms),
        "unseen_danger": any(map(_is_unseen_danger, alarms)),
        "call_ids": await existing_calls(session, [alarm.subject for alarm in alarms]),
        "people": await names_by_login(session),
    }


_PIECES = {
    Part.SUMMARY: (_gather_calls, _gather_members, _gather_tasks, _gather_alarms),
    Part.CALLS: (_gather_calls,),
    Part.MEMBERS: (_gather_members,),
    Part.TASKS: (_gather_tasks,),
    Part.ALARMS: (_gather_alarms,),
    Part.DANGERS: (_gather_alarms,),
}


async def existing_calls(session: AsyncSession, subjects: Sequence[str]) -> frozenset[str]:
    """Which of these are calls, so that the page can link to them."""
    if not subjects:
        return frozenset()
    return frozenset(await session.scalars(select(Call.id).where(Call.id.in_(subjects))))


async def tickets_of_calls(session: AsyncSession, call_ids: Sequence[str]) -> Mapping[str, Ticket]:
    """The calls' tickets by call id; a dropped draft is no ticket any more."""
    if not call_ids:
        return {}
    found = await session.scalars(
        select(Ticket).where(Ticket.call_id.in_(call_ids), Ticket.state != TicketState.DROPPED)
    )
    return {ticket.call_id: ticket for ticket in found if ticket.call_id is not None}


def _is_unseen_danger(alarm: Alarm) -> bool:
    return alarm.kind == AlarmKind.DANGER and alarm.seen_at is None


def _describe(
    call: Call, office: Office, names: Mapping[str, str], ticket: Ticket | None, visitor: Visitor
) -> LiveCall:
    began = {CallState.QUEUED: call.queued_at, CallState.TALKING: call.connected_at}.get(call.state)
    category = office.categories.get(call.danger) if call.danger else None
    return LiveCall(
        call=call,
        since=began or call.arrived_at,
        danger=category.name if category else call.danger,
        member=names.get(call.member, call.member) if call.member else None,
        ticket=ticket,
        own=call.state == CallState.TALKING and call.member is not None and call.member == visitor.interface,
    )

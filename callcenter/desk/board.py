"""The live board: what happens now. Each part can be asked for alone, when a notice says that it changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.views import open_alarms
from callcenter.calls.models import Call, CallState
from callcenter.calls.views import live_calls
from callcenter.desk.office import AnOffice, Office
from callcenter.desk.pages import announce, is_partial, show
from callcenter.desk.visitors import AVisitor, Visitor
from callcenter.queues.models import Member, MemberState
from callcenter.queues.terms import missed_call_term
from callcenter.queues.views import members, open_tasks, waiting_requests
from callcenter.staff.views import employees, names_by_interface

router = APIRouter()

_AT_WORK = frozenset({MemberState.FREE, MemberState.RINGING, MemberState.TALKING, MemberState.WRAP_UP})


class Part(StrEnum):
    """The parts of the board; each is a template `board_<part>.html`."""

    SUMMARY = "summary"
    CALLS = "calls"
    MEMBERS = "members"
    TASKS = "tasks"
    ALARMS = "alarms"


@dataclass(frozen=True, slots=True)
class LiveCall:
    call: Call
    since: datetime
    """When its present state began."""
    danger: str | None
    """The name of the danger, in words."""
    member: str | None
    """Who talks, by name."""


@router.get("/")
async def show_board(request: Request, office: AnOffice, visitor: AVisitor) -> Response:
    now = office.clock.now()
    async with office.database.begin() as session:
        facts = await gather_board(session, office, visitor)
    return show(request, office, "board.html", facts, visitor=visitor, now=now)


@router.get("/board/{part}")
async def show_part(request: Request, part: Part, office: AnOffice, visitor: AVisitor) -> Response:
    return await answer_with_part(request, office, visitor, part)


async def answer_with_part(request: Request, office: Office, visitor: Visitor, part: Part) -> Response:
    """The part as it stands now for htmx, the whole board for a browser without scripts; closes an open window."""
    if not is_partial(request):
        return RedirectResponse("/", status_code=303)
    async with office.database.begin() as session:
        facts = await gather_board(session, office, visitor)
    response = show(request, office, f"board_{part}.html", facts, visitor=visitor)
    return response if request.method == "GET" else announce(response, "desk:done")


async def gather_board(session: AsyncSession, office: Office, visitor: Visitor) -> Mapping[str, Any]:
    """Everything the board shows. A handful of small indexed queries: cheaper than a way of its own for each part."""
    names = await names_by_interface(session)
    crew = await members(session)
    calls = [_describe(call, office, names) for call in await live_calls(session)]
    waiting = [call for call in calls if call.call.state == CallState.QUEUED]
    alarms = await open_alarms(session)
    term = missed_call_term()
    return {
        "max_calls": office.settings.telephony.max_calls,
        "calls": calls,
        "waiting": waiting,
        "longest_wait_since": min((call.since for call in waiting), default=None),
        "members": crew,
        "member_names": names,
        "member_requests": {request.interface: request for request in await waiting_requests(session)},
        "own_member": _own_member(crew, visitor),
        "at_work": sum(member.state in _AT_WORK for member in crew),
        "free": sum(member.state == MemberState.FREE for member in crew),
        "tasks": await open_tasks(session),
        "task_warn_seconds": int((term.due_after - term.warn_after).total_seconds()),
        "task_minutes": int(term.due_after.total_seconds()) // 60,
        "task_basis": term.basis,
        "alarms": alarms,
        "unseen": sum(alarm.seen_at is None for alarm in alarms),
        "call_ids": await existing_calls(session, [alarm.subject for alarm in alarms]),
        "people": {employee.login: employee.name for employee in await employees(session)},
    }


async def existing_calls(session: AsyncSession, subjects: Sequence[str]) -> frozenset[str]:
    """Which of these are calls, so that the page can link to them."""
    if not subjects:
        return frozenset()
    return frozenset(await session.scalars(select(Call.id).where(Call.id.in_(subjects))))


def _describe(call: Call, office: Office, names: Mapping[str, str]) -> LiveCall:
    began = {CallState.QUEUED: call.queued_at, CallState.TALKING: call.connected_at}.get(call.state)
    category = office.categories.get(call.danger) if call.danger else None
    return LiveCall(
        call=call,
        since=began or call.arrived_at,
        danger=category.name if category else call.danger,
        member=names.get(call.member, call.member) if call.member else None,
    )


def _own_member(crew: Sequence[Member], visitor: Visitor) -> Member | None:
    return next((member for member in crew if member.interface == visitor.interface), None)

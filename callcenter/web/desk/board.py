"""The live board: current calls, queue members, callbacks, alarms. A page reloads only the part that a notice names."""

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
from callcenter.callbacks.terms import callback_term
from callcenter.callbacks.views import open_callbacks
from callcenter.calls.models import Call, CallState
from callcenter.calls.views import live_calls
from callcenter.queues.models import MemberState
from callcenter.queues.views import members, waiting_requests
from callcenter.staff.views import foreign_interfaces, names_by_interface, names_by_login
from callcenter.tickets.models import Ticket
from callcenter.tickets.views import tickets_of_calls
from callcenter.web.desk.alarm_groups import group_alarms
from callcenter.web.plumbing.app_state import AnAppState, AppState
from callcenter.web.plumbing.current_user import ACurrentUser, CurrentUser
from callcenter.web.plumbing.pages import announce, is_partial, show

router = APIRouter()

_STATE_ORDER = (CallState.QUEUED, CallState.IVR, CallState.TALKING)
"""Order of the calls on the board: waiting callers first."""
_ON_DUTY_STATES = frozenset({MemberState.FREE, MemberState.RINGING, MemberState.TALKING, MemberState.WRAP_UP})


Facts = Mapping[str, Any]


class BoardPart(StrEnum):
    """The parts of the board. The template of a part is `board_<part>.html`."""

    SUMMARY = "summary"
    CALLS = "calls"
    MEMBERS = "members"
    CALLBACKS = "callbacks"
    ALARMS = "alarms"
    DANGERS = "dangers"
    """Unseen dangers, shown at the top of every page except the board."""


@dataclass(frozen=True, slots=True)
class BoardCall:
    call: Call
    state_since: datetime
    """Start of the current state."""
    danger: str | None
    """Name of the danger's category; its code when the category is unknown."""
    member: str | None
    """Name of the dispatcher on the call; the queue member's interface when no name is known."""
    ticket: Ticket | None
    is_own: bool
    """True while the signed-in user talks on this call."""


@router.get("/")
async def show_board(request: Request, app_state: AnAppState, user: ACurrentUser) -> Response:
    now = app_state.clock.now()
    async with app_state.database.begin() as session:
        facts = await gather(session, app_state, user, BoardPart)
    return show(request, app_state, "board.html", facts, user=user, now=now)


@router.get("/board/{part}")
async def show_part(request: Request, part: BoardPart, app_state: AnAppState, user: ACurrentUser) -> Response:
    return await answer_with_part(request, app_state, user, part)


async def answer_with_part(request: Request, app_state: AppState, user: CurrentUser, part: BoardPart) -> Response:
    """Returns the current part to htmx, or redirects a browser without scripts to the board.

    The answer to a POST also fires `desk:done`, which closes an open dialog.
    """
    if not is_partial(request):
        return RedirectResponse("/", status_code=303)
    async with app_state.database.begin() as session:
        facts = await gather(session, app_state, user, (part,))
    response = show(request, app_state, f"board_{part}.html", facts, user=user)
    return response if request.method == "GET" else announce(response, "desk:done")


async def gather(session: AsyncSession, app_state: AppState, user: CurrentUser, parts: Iterable[BoardPart]) -> Facts:
    """Loads the template context of these parts. Only their own queries run, because open boards reload parts often."""
    facts: dict[str, Any] = {}
    for piece in dict.fromkeys(piece for part in parts for piece in _LOADERS[part]):
        facts |= await piece(session, app_state, user)
    return facts


async def _load_calls(session: AsyncSession, app_state: AppState, user: CurrentUser) -> Facts:
    rows = await live_calls(session, user.company_id)
    names = await names_by_interface(session, user.company_id)
    tickets = await tickets_of_calls(session, [call.id for call in rows])
    calls = [_make_board_call(call, app_state, names, tickets.get(call.id), user) for call in rows]
    calls.sort(
        key=lambda line: (line.danger is None, _STATE_ORDER.index(line.call.state), line.state_since, line.call.id)
    )
    waiting = [line for line in calls if line.call.state == CallState.QUEUED]
    return {
        "max_calls": app_state.settings.telephony.max_calls,
        "calls": calls,
        "waiting": waiting,
        "longest_wait_since": min((line.state_since for line in waiting), default=None),
    }


async def _load_members(session: AsyncSession, app_state: AppState, user: CurrentUser) -> Facts:
    names = await names_by_interface(session, user.company_id)
    others = await foreign_interfaces(session, user.company_id)
    crew = [member for member in await members(session) if member.interface not in others]
    return {
        "members": crew,
        "member_names": names,
        "member_requests": {request.interface: request for request in await waiting_requests(session)},
        "own_member": next((member for member in crew if member.interface == user.interface), None),
        "at_work": sum(member.state in _ON_DUTY_STATES for member in crew),
        "free": sum(member.state == MemberState.FREE for member in crew),
    }


async def _load_callbacks(session: AsyncSession, app_state: AppState, user: CurrentUser) -> Facts:
    callbacks = await open_callbacks(session, user.company_id)
    term = callback_term(app_state.clock.now().date())
    return {
        "callbacks": callbacks,
        "callback_tickets": await tickets_of_calls(session, [callback.call_id for callback in callbacks]),
        "callback_warn_seconds": int((term.due_after - term.warn_after).total_seconds()),
        "callback_minutes": int(term.due_after.total_seconds()) // 60,
        "callback_basis": term.basis,
        "people": await names_by_login(session, user.company_id),
    }


async def _load_alarms(session: AsyncSession, app_state: AppState, user: CurrentUser) -> Facts:
    alarms = sorted(await open_alarms(session, user.company_id), key=lambda alarm: not _is_unseen_danger(alarm))
    return {
        "alarms": alarms,
        "alarm_groups": group_alarms(alarms),
        "unseen": sum(alarm.seen_at is None for alarm in alarms),
        "unseen_danger": any(map(_is_unseen_danger, alarms)),
        "call_ids": await existing_calls(session, [alarm.subject for alarm in alarms]),
        "people": await names_by_login(session, user.company_id),
    }


_LOADERS = {
    BoardPart.SUMMARY: (_load_calls, _load_members, _load_callbacks, _load_alarms),
    BoardPart.CALLS: (_load_calls,),
    BoardPart.MEMBERS: (_load_members,),
    BoardPart.CALLBACKS: (_load_callbacks,),
    BoardPart.ALARMS: (_load_alarms,),
    BoardPart.DANGERS: (_load_alarms,),
}


async def existing_calls(session: AsyncSession, subjects: Sequence[str]) -> frozenset[str]:
    """Returns those alarm subjects that are ids of calls, so that the page can link to the calls."""
    if not subjects:
        return frozenset()
    return frozenset(await session.scalars(select(Call.id).where(Call.id.in_(subjects))))


def _is_unseen_danger(alarm: Alarm) -> bool:
    return alarm.kind == AlarmKind.DANGER and alarm.seen_at is None


def _make_board_call(
    call: Call, app_state: AppState, names: Mapping[str, str], ticket: Ticket | None, user: CurrentUser
) -> BoardCall:
    began = {CallState.QUEUED: call.queued_at, CallState.TALKING: call.connected_at}.get(call.state)
    category = app_state.categories.get(call.danger) if call.danger else None
    return BoardCall(
        call=call,
        state_since=began or call.arrived_at,
        danger=category.name if category else call.danger,
        member=names.get(call.member, call.member) if call.member else None,
        ticket=ticket,
        is_own=call.state == CallState.TALKING and call.member is not None and call.member == user.interface,
    )

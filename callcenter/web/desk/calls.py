"""Routes for the filtered list of calls, the card of one call and the new lines of its transcript."""

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response

from callcenter.callbacks.views import callback_of_call
from callcenter.calls.models import CallState, Outcome
from callcenter.calls.recordings import recorded_since
from callcenter.calls.transcripts import read_transcript
from callcenter.calls.views import CallFilters, call_record, find_calls, one_call
from callcenter.staff.views import names_by_interface, names_by_login
from callcenter.tickets.views import additional_tickets, ticket_of_call
from callcenter.web.desk.call_card import describe_call
from callcenter.web.desk.transcript import describe_lines
from callcenter.web.plumbing.app_state import AnAppState
from callcenter.web.plumbing.current_user import ACurrentUser
from callcenter.web.plumbing.pages import is_partial, show
from callcenter.web.plumbing.security import new_nonce, policy

router = APIRouter()


@router.get("/calls")
async def list_calls(
    request: Request,
    *,
    app_state: AnAppState,
    user: ACurrentUser,
    day: str = "",
    state: str = "",
    outcome: str = "",
    search: Annotated[str, Query(max_length=80)] = "",
    said: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Response:
    since, until = _day_bounds(day, app_state.settings.company.zone)
    filters = CallFilters(
        state=_parse_enum(CallState, state),
        outcome=_parse_enum(Outcome, outcome),
        since=since,
        until=until,
        transcript_query=said,
    )
    async with app_state.database.begin() as session:
        found = await find_calls(session, user.company_id, filters, search=search, page=page)
        names = await names_by_interface(session, user.company_id)
    asked = {"day": day if since else "", "state": state, "outcome": outcome, "search": search, "said": said}
    facts = {
        "found": found,
        "asked": asked,
        "narrowed": any(asked.values()),
        "member_names": names,
        "categories": app_state.categories,
        "address": lambda number: "/calls?" + urlencode({**asked, "page": number}),
    }
    template = "calls_list.html" if is_partial(request) else "calls.html"
    return show(request, app_state, template, facts, user=user)


@router.get("/calls/{call_id}")
async def show_call(request: Request, call_id: str, app_state: AnAppState, user: ACurrentUser) -> Response:
    async with app_state.database.begin() as session:
        record = await call_record(session, user.company_id, call_id)
        if record is None:
            raise HTTPException(404)
        ticket = await ticket_of_call(session, call_id)
        additional = await additional_tickets(session, call_id)
        callback = await callback_of_call(session, call_id)
        names = await names_by_interface(session, user.company_id)
        people = await names_by_login(session, user.company_id)
    now = app_state.clock.now()
    card = await asyncio.to_thread(  # one hour of speech is about a thousand lines
        describe_call,
        record,
        ui_texts=app_state.ui_texts,
        categories=app_state.categories,
        member_names=names,
        login_names=people,
        find_dangers=app_state.find_dangers,
        now=now,
    )
    nonce = new_nonce()
    facts: dict[str, Any] = {
        "card": card,
        "call": record.call,
        "ticket": ticket,
        "additional": additional,
        "callback": callback,
        "people": people,
        "heard": app_state.settings.callers_are_heard,
        "nonce": nonce,
    }
    template = "call_live.html" if is_partial(request) else "call.html"
    headers = {"content-security-policy": policy(style_nonce=nonce)}
    return show(request, app_state, template, facts, user=user, now=now, headers=headers)


@router.get("/calls/{call_id}/transcript")
async def show_lines(
    request: Request,
    call_id: str,
    app_state: AnAppState,
    user: ACurrentUser,
    after: Annotated[int, Query(ge=-1, lt=2**63)] = -1,
) -> Response:
    """Returns the transcript lines whose sequence number is greater than `after`, for a page that has the others."""
    async with app_state.database.begin() as session:
        if await one_call(session, user.company_id, call_id) is None:
            raise HTTPException(404)
        lines = await read_transcript(session, call_id, after=after)
        since = (await recorded_since(session, [call_id]))[call_id]
    shown = await asyncio.to_thread(
        describe_lines, lines, recording_start=since, ui_texts=app_state.ui_texts, find_dangers=app_state.find_dangers
    )
    return show(request, app_state, "transcript_lines.html", {"lines": shown}, user=user)


def _parse_enum(kind: Any, value: str) -> Any:
    """Parses a filter value; None (any) for an empty or unknown value, e.g. from an outdated link."""
    return kind(value) if value in set(kind) else None


def _day_bounds(day: str, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Returns the start of an ISO date and of the next day in `zone`; a pair of None when `day` is not a date."""
    try:
        begins = date.fromisoformat(day)
        ends = begins + timedelta(days=1)
    except (ValueError, OverflowError):
        return None, None
    return datetime.combine(begins, time(), tzinfo=zone), datetime.combine(ends, time(), tzinfo=zone)

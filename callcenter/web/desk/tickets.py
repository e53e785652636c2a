"""Routes for the list of tickets, the card of one ticket, and saving, registering and canceling it."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.models import Call
from callcenter.calls.views import one_call
from callcenter.core.phone_numbers import parse_phone
from callcenter.intake.registration import DraftFields, register_draft, save_draft
from callcenter.staff.views import names_by_login
from callcenter.tickets.drafts import CANCELLABLE, cancel
from callcenter.tickets.models import TicketState
from callcenter.tickets.views import TicketFilters, find_tickets, ticket_card
from callcenter.web.plumbing.app_state import AnAppState, AppState
from callcenter.web.plumbing.current_user import ACurrentUser, AWorker, CurrentUser
from callcenter.web.plumbing.formatting import spell_phone
from callcenter.web.plumbing.pages import is_partial, show

router = APIRouter()

_MAX_DESCRIPTION_LENGTH = 4000


@router.get("/tickets")
async def list_tickets(
    request: Request,
    *,
    app_state: AnAppState,
    user: ACurrentUser,
    state: str = "",
    category: str = "",
    search: Annotated[str, Query(max_length=80)] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Response:
    filters = TicketFilters(
        state=TicketState(state) if state in set(TicketState) else None,
        category=category if category in app_state.categories else None,
    )
    async with app_state.database.begin() as session:
        found = await find_tickets(session, user.company_id, filters, search=search, page=page)
        callers = await _find_callers(session, [row.ticket.call_id for row in found.rows])
    asked = {"state": state, "category": category, "search": search}
    facts = {
        "found": found,
        "callers": callers,
        "asked": asked,
        "narrowed": any(asked.values()),
        "categories": app_state.categories,
        "address": lambda number: "/tickets?" + urlencode({**asked, "page": number}),
    }
    template = "tickets_list.html" if is_partial(request) else "tickets.html"
    return show(request, app_state, template, facts, user=user)


@router.get("/categories/about")
async def describe_category(
    request: Request, app_state: AnAppState, user: ACurrentUser, category: str = ""
) -> Response:
    """Returns the safety warning, deadlines and responsible party of a category, shown while it is being chosen."""
    return show(request, app_state, "category_about.html", {"category": app_state.categories.get(category)}, user=user)


@router.get("/tickets/{ticket_id}")
async def show_ticket(request: Request, ticket_id: int, app_state: AnAppState, user: ACurrentUser) -> Response:
    return await _render_card(request, app_state, user, ticket_id)


@router.post("/tickets/{ticket_id}/draft")
async def submit_draft(
    request: Request,
    *,
    ticket_id: int,
    app_state: AnAppState,
    user: AWorker,
    then: Annotated[str, Form(pattern="^(save|register)$")] = "save",
    category: Annotated[str, Form(max_length=40)] = "",
    address: Annotated[str, Form(max_length=300)] = "",
    contact_phone: Annotated[str, Form(max_length=40)] = "",
    description: Annotated[str, Form(max_length=_MAX_DESCRIPTION_LENGTH)] = "",
) -> Response:
    """Saves the fields of a draft; `then=register` also assigns the ticket's number and starts its deadline clocks.

    Invalid fields are shown in the form again with status 422, and nothing is saved.
    """
    typed = {"category": category, "address": address, "contact_phone": contact_phone, "description": description}
    chosen = app_state.categories.get(category)
    phone = parse_phone(contact_phone)
    faults = {}
    if contact_phone.strip() and phone is None:
        faults["contact_phone"] = "Не похоже на номер телефона. Пример: +7 921 555-01-92."
    if then == "register" and chosen is None:
        faults["category"] = "Выберите категорию: от неё зависят сроки."
    if then == "register" and not address.strip():
        faults["address"] = "Укажите адрес: дом, подъезд, квартиру."
    if faults:
        return await _render_card(request, app_state, user, ticket_id, typed=typed, faults=faults, status=422)
    fields = DraftFields(chosen, address.strip(), phone, description.strip())
    now, zone = app_state.clock.now(), app_state.settings.company.zone
    async with app_state.database.begin() as session:
        if then == "register" and chosen is not None:
            await register_draft(
                session, ticket_id, fields, chosen, company_id=user.company_id, by=user.login, now=now, zone=zone
            )
        else:
            await save_draft(session, ticket_id, fields, company_id=user.company_id, by=user.login, now=now)
    return RedirectResponse(f"/tickets/{ticket_id}", status_code=303)


@router.get("/tickets/{ticket_id}/cancel")
async def show_cancel_form(request: Request, ticket_id: int, app_state: AnAppState, user: ACurrentUser) -> Response:
    async with app_state.database.begin() as session:
        card = await ticket_card(session, user.company_id, ticket_id)
    if card is None:
        raise HTTPException(404)
    template = "ticket_cancel.html" if is_partial(request) else "ticket_cancel_page.html"
    return show(request, app_state, template, {"ticket": card.ticket}, user=user)


@router.post("/tickets/{ticket_id}/cancel")
async def take_cancel(
    ticket_id: int,
    app_state: AnAppState,
    user: AWorker,
    reason: Annotated[str, Form(min_length=3, max_length=500)],
) -> Response:
    async with app_state.database.begin() as session:
        await cancel(
            session,
            ticket_id,
            company_id=user.company_id,
            reason=reason.strip(),
            author=user.login,
            now=app_state.clock.now(),
        )
    return RedirectResponse(f"/tickets/{ticket_id}", status_code=303)


async def _find_callers(session: AsyncSession, call_ids: Sequence[str | None]) -> Mapping[str, str | None]:
    """Returns the callers' numbers by call id. The list shows them because a new draft often has no other data."""
    known = [call_id for call_id in call_ids if call_id is not None]
    rows = await session.execute(select(Call.id, Call.caller_number).where(Call.id.in_(known)))
    return {call_id: number for call_id, number in rows}


async def _render_card(
    request: Request,
    app_state: AppState,
    user: CurrentUser,
    ticket_id: int,
    *,
    typed: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    async with app_state.database.begin() as session:
        card = await ticket_card(session, user.company_id, ticket_id)
        if card is None:
            raise HTTPException(404)
        call = await one_call(session, user.company_id, card.ticket.call_id) if card.ticket.call_id else None
        people = await names_by_login(session, user.company_id)
    ticket = card.ticket
    fields = typed or {
        "category": ticket.category or (call.danger if call else None) or "",
        "address": ticket.address,
        "contact_phone": spell_phone(ticket.contact_phone or (call.caller_number if call else None)),
        "description": ticket.description,
    }
    facts = {
        "card": card,
        "ticket": ticket,
        "call": call,
        "people": people,
        "categories": app_state.categories,
        "category": app_state.categories.get(fields["category"]) if fields["category"] else None,
        "fields": fields,
        "faults": faults or {},
        "editable": ticket.state == TicketState.DRAFT and user.can_edit_records,
        "cancellable": ticket.state in CANCELLABLE and user.can_edit_records,
    }
    template = "ticket_live.html" if is_partial(request) else "ticket.html"
    return show(request, app_state, template, facts, user=user, status=status)

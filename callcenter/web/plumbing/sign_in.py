"""Routes for signing in and out."""

import secrets
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from callcenter.staff.service import SignInRefused, sign_in, sign_out
from callcenter.web.plumbing.app_state import AnAppState, AppState
from callcenter.web.plumbing.current_user import SESSION_COOKIE, AFormUser, find_user
from callcenter.web.plumbing.formatting import choose_form
from callcenter.web.plumbing.pages import show

router = APIRouter()

ENTRY_COOKIE = "callcenter_entry"
"""Cookie with the CSRF token of the sign-in form, which is shown before a session exists."""


@router.get("/sign-in")
async def show_sign_in(request: Request, app_state: AnAppState, next: str = "/") -> Response:
    if await find_user(request, app_state) is not None:
        return RedirectResponse(_sanitize_redirect(next), status_code=303)
    return _render_form(request, app_state, next=next)


@router.post("/sign-in")
async def take_sign_in(
    request: Request,
    *,
    app_state: AnAppState,
    login: Annotated[str, Form(max_length=60)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    csrf: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    entry = request.cookies.get(ENTRY_COOKIE, "")
    if not entry or not secrets.compare_digest(entry.encode(), csrf.encode()):
        return _render_form(
            request, app_state, login=login, next=next, fault="Страница устарела. Введите пароль ещё раз.", status=403
        )
    address = request.client.host if request.client else "unknown"
    lasts = timedelta(hours=app_state.settings.desk.session_hours)
    async with app_state.database.begin() as session:
        answer = await sign_in(session, login, password, address, app_state.clock.now(), session_lifetime=lasts)
    if isinstance(answer, SignInRefused):
        return _render_refusal(request, app_state, answer, login=login, next=next)
    response = RedirectResponse(_sanitize_redirect(next), status_code=303)
    response.delete_cookie(ENTRY_COOKIE, path="/sign-in")
    response.set_cookie(
        SESSION_COOKIE,
        answer.token,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/sign-out")
async def take_sign_out(request: Request, app_state: AnAppState, user: AFormUser) -> Response:
    async with app_state.database.begin() as session:
        await sign_out(session, request.cookies[SESSION_COOKIE])
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(SESSION_COOKIE)
    return response


def _render_refusal(request: Request, app_state: AppState, answer: SignInRefused, *, login: str, next: str) -> Response:
    if answer.retry_at is None:
        return _render_form(request, app_state, login=login, next=next, fault=answer.message, status=401)
    seconds = max(1, int((answer.retry_at - app_state.clock.now()).total_seconds()))
    minutes = -(-seconds // 60)
    word = choose_form(minutes, "минуту", "минуты", "минут")
    fault = f"Слишком много попыток входа. Попробуйте через {minutes} {word}."
    response = _render_form(request, app_state, login=login, next=next, fault=fault, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _render_form(
    request: Request, app_state: AppState, *, login: str = "", next: str = "/", fault: str = "", status: int = 200
) -> Response:
    token = request.cookies.get(ENTRY_COOKIE) or secrets.token_urlsafe(32)
    facts = {"entry_token": token, "login": login, "next": next, "fault": fault}
    response = show(request, app_state, "sign_in.html", facts, user=None, status=status)
    response.set_cookie(
        ENTRY_COOKIE, token, path="/sign-in", httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return response


def _sanitize_redirect(place: str) -> str:
    """Returns the redirect target after sign-in: `place` if it is a path within the desk, else the board."""
    if place.startswith("/") and not place.startswith("//") and "\\" not in place and place.isprintable():
        return place
    return "/"

"""Exception handlers: each error becomes a page in plain Russian with the right HTTP status and a link to continue."""

from typing import cast
from urllib.parse import urlencode

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from callcenter.alarms.errors import AlarmNotFound
from callcenter.callbacks.errors import CallbackNotFound
from callcenter.calls.errors import CallNotFound, RecordingNotOnDisk
from callcenter.core.errors import CallcenterError, DatabaseUnavailable
from callcenter.questions.errors import QuestionNotFound
from callcenter.queues.errors import MemberNotFound
from callcenter.tickets.errors import TicketNotFound
from callcenter.web.plumbing.app_state import AppState
from callcenter.web.plumbing.current_user import Forbidden, SignInNeeded, find_user
from callcenter.web.plumbing.pages import announce, is_partial, show
from callcenter.web.plumbing.security import HEADERS

log = structlog.get_logger()

_NOT_FOUND_ERRORS = (
    AlarmNotFound,
    CallNotFound,
    MemberNotFound,
    QuestionNotFound,
    RecordingNotOnDisk,
    CallbackNotFound,
    TicketNotFound,
)
_STALE_PAGE_TEXT = "Нет связи с базой данных. Показано последнее известное; звонки идут как обычно."
_NOT_SAVED = (
    "Не сохранилось: нет связи с базой данных. Введённое остаётся на странице, повторите через минуту. "
    "Звонки идут как обычно."
)


def register(app: FastAPI) -> None:
    app.add_exception_handler(DatabaseUnavailable, _database_unavailable)
    app.add_exception_handler(SignInNeeded, _handle_sign_in_required)
    app.add_exception_handler(Forbidden, _handle_forbidden)
    app.add_exception_handler(CallcenterError, _handle_domain_error)
    app.add_exception_handler(RequestValidationError, _handle_invalid_request)
    app.add_exception_handler(DataError, _handle_invalid_request)
    app.add_exception_handler(HTTPException, _handle_http_error)
    app.add_exception_handler(Exception, _handle_unexpected_error)


async def _database_unavailable(request: Request, error: Exception) -> Response:
    log.warning(
        "desk.database_unavailable", path=request.url.path, error=type(error).__name__, **_call_log_fields(request)
    )
    return await _render_error(
        request,
        503,
        "Нет связи с базой данных",
        "Страницы сейчас недоступны; соединение восстанавливается само.",
        banner_text=_STALE_PAGE_TEXT if request.method == "GET" else _NOT_SAVED,
        retry=True,
        anonymous=True,
    )


async def _handle_sign_in_required(request: Request, error: Exception) -> Response:
    if is_partial(request):
        return Response(status_code=401, headers={"HX-Reswap": "none"})
    place = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = "/sign-in" if place == "/" or request.method != "GET" else "/sign-in?" + urlencode({"next": place})
    return RedirectResponse(target, status_code=303)


async def _handle_forbidden(request: Request, error: Exception) -> Response:
    return await _render_error(request, 403, "Действие недоступно", str(error))


async def _handle_domain_error(request: Request, error: Exception) -> Response:
    status = 404 if isinstance(error, _NOT_FOUND_ERRORS) else 409
    return await _render_error(request, status, "Действие не выполнено", str(error))


async def _handle_invalid_request(request: Request, error: Exception) -> Response:
    """Also handles values that PostgreSQL rejects: a NUL character in a text, a number out of range."""
    return await _render_error(request, 422, "Не получилось прочитать запрос", "Проверьте, что поля заполнены верно.")


async def _handle_http_error(request: Request, error: Exception) -> Response:
    status = cast(HTTPException, error).status_code
    if status == 405:
        return await _render_error(request, 405, "Так эту страницу не открыть", "Начните с табло.")
    if status == 404:
        return await _render_error(request, 404, "Такой страницы нет", "Возможно, ссылка набрана с ошибкой.")
    return await _render_error(request, status, "Действие не выполнено", f"Сервер ответил кодом {status}.")


async def _handle_unexpected_error(request: Request, error: Exception) -> Response:
    log.error("desk.broken", path=request.url.path, error=repr(error), **_call_log_fields(request))
    answer = await _render_error(
        request, 500, "На сервере случилась ошибка", "Она записана в журнал. Повторите действие.", anonymous=True
    )
    answer.headers.update({**HEADERS, "cache-control": "no-store"})
    return answer


def _call_log_fields(request: Request) -> dict[str, str]:
    """Returns the id of the page's call as a log field, if its path has one."""
    call_id = request.path_params.get("call_id")
    return {} if call_id is None else {"call_id": call_id}


async def _render_error(
    request: Request,
    status: int,
    title: str,
    text: str,
    *,
    banner_text: str = "",
    retry: bool = False,
    anonymous: bool = False,
) -> Response:
    """Returns an error page; to htmx, an event that shows `banner_text`, or `text`, in the banner of the open page.

    `retry` adds Retry-After and, for a GET, a script that reloads the page when the database is back. `anonymous` skips
    the look-up of the user.
    """
    if is_partial(request):
        return announce(Response(status_code=status, headers={"HX-Reswap": "none"}), "desk:fault", banner_text or text)
    office = cast(AppState, request.app.state.office)
    try:
        person = None if anonymous else await find_user(request, office)
    except DatabaseUnavailable:
        person = None
    headers = {"Retry-After": "5"} if retry else {}
    facts = {"title": title, "text": text, "retry": retry, "page_can_be_loaded_again": request.method == "GET"}
    return show(request, office, "trouble.html", facts, user=person, status=status, headers=headers)

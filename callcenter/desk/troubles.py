"""What a person reads when something does not work: calm words, the right status, and a way on."""

from collections.abc import Awaitable, Callable
from typing import cast
from urllib.parse import urlencode

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from callcenter.alarms.errors import AlarmNotFound
from callcenter.core.errors import CallcenterError
from callcenter.desk.office import Office
from callcenter.desk.pages import announce, is_partial, show
from callcenter.desk.visitors import Forbidden, SignInNeeded, find_visitor
from callcenter.queues.errors import MemberNotFound, TaskNotFound

log = structlog.get_logger()

DATABASE_AWAY = (OperationalError, InterfaceError, NoFreeConnection, psycopg.OperationalError)
_MISSING = (AlarmNotFound, TaskNotFound, MemberNotFound)
_Answer = Callable[[Request, Exception], Awaitable[Response]]


def register(app: FastAPI) -> None:
    for kind in DATABASE_AWAY:
        app.add_exception_handler(kind, _database_away)
    app.add_exception_handler(SignInNeeded, _sign_in_needed)
    app.add_exception_handler(Forbidden, _forbidden)
    app.add_exception_handler(CallcenterError, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)


async def _database_away(request: Request, error: Exception) -> Response:
    log.warning("desk.database_away", path=request.url.path, error=type(error).__name__)
    return await _explain(
        request,
        503,
        "Нет связи с базой данных",
        "Сейчас записи недоступны. Мы уже пробуем соединиться снова.",
        retry=True,
        anonymous=True,
    )


async def _sign_in_needed(request: Request, error: Exception) -> Response:
    if is_partial(request):
        return Response(status_code=401, headers={"HX-Reswap": "none"})
    place = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = "/sign-in" if place == "/" or request.method != "GET" else "/sign-in?" + urlencode({"next": place})
    return RedirectResponse(target, status_code=303)


async def _forbidden(request: Request, error: Exception) -> Response:
    return await _explain(request, 403, "Действие недоступно", str(error))


async def _refused(request: Request, error: Exception) -> Response:
    status = 404 if isinstance(error, _MISSING) else 409
    return await _explain(request, status, "Действие не выполнено", str(error))


async def _misread(request: Request, error: Exception) -> Response:
    return await _explain(request, 422, "Не получилось прочитать форму", "Проверьте, что поля заполнены верно.")


async def _http(request: Request, error: Exception) -> Response:
    status = cast(HTTPException, error).status_code
    if status == 404:
        return await _explain(request, 404, "Такой страницы нет", "Возможно, ссылка набрана с ошибкой.")
    return await _explain(request, status, "Действие не выполнено", f"Сервер ответил кодом {status}.")


async def _broken(request: Request, error: Exception) -> Response:
    log.error("desk.broken", path=request.url.path, error=repr(error))
    return await _explain(
        request, 500, "На сервере случилась ошибка", "Она записана в журнал. Повторите действие.", anonymous=True
    )


async def _explain(
    request: Request,
    status: int,
    title: str,
    text: str,
    *,
    retry: bool = False,
    anonymous: bool = False,
) -> Response:
    if is_partial(request):  # the page stays as it is and says the reason in its banner
        return announce(Response(status_code=status, headers={"HX-Reswap": "none"}), "desk:fault", text)
    office = cast(Office, request.app.state.office)
    try:
        person = None if anonymous else await find_visitor(request, office)
    except DATABASE_AWAY:
        person = None
    headers = {"Retry-After": "5"} if retry else {}
    facts = {"title": title, "text": text, "retry": retry}
    return show(request, office, "trouble.html", facts, visitor=person, status=status, headers=headers)

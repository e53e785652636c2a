"""The signed-in user of a request, the check of the CSRF token and the check of the role, as FastAPI dependencies."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Form, Request

from callcenter.staff.models import Role
from callcenter.staff.service import find_session_user
from callcenter.web.plumbing.app_state import AnAppState, AppState

SESSION_COOKIE = "callcenter_session"
WORKING_ROLES = frozenset({Role.DISPATCHER, Role.DIRECTOR})
"""Roles that answer residents and may change tickets, callbacks and alarms. Every role may read all data of its own
company."""


@dataclass(frozen=True, slots=True)
class CurrentUser:
    company_id: int
    """Pages show only the data of this company."""
    login: str
    name: str
    role: Role
    interface: str | None
    """Queue member of the user's phone, e.g. `PJSIP/d-4f1a9c`; None without a phone."""
    csrf: str
    expires_at: datetime

    @property
    def can_edit_records(self) -> bool:
        return self.role in WORKING_ROLES


class SignInNeeded(Exception):
    """The request has no valid session: the user is not signed in, or the session has expired."""


class Forbidden(Exception):
    """The user lacks permission. The message is shown on the page, in Russian."""


async def find_user(request: Request, app_state: AppState) -> CurrentUser | None:
    """Returns the user of the session named by the cookie; None without a valid session."""
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        return None
    async with app_state.database.begin() as session:
        person = await find_session_user(session, token, app_state.clock.now())
        if person is None:
            return None
        employee = person.employee
        return CurrentUser(
            company_id=employee.company_id,
            login=employee.login,
            name=employee.name,
            role=Role(employee.role),
            interface=employee.interface,
            csrf=person.csrf,
            expires_at=person.expires_at,
        )


async def _require_session(request: Request, app_state: AnAppState) -> CurrentUser:
    # Taken before the page reads any data, so that the page misses no later change.
    request.state.mark = app_state.update_broadcaster.last_update_id
    visitor = await find_user(request, app_state)
    if visitor is None:
        raise SignInNeeded
    return visitor


ACurrentUser = Annotated[CurrentUser, Depends(_require_session)]


def check_form(user: CurrentUser, csrf: str) -> None:
    """Checks a form's CSRF token. Raises Forbidden when it is not the token of the user's session."""
    if not secrets.compare_digest(csrf.encode(), user.csrf.encode()):
        raise Forbidden("Страница устарела: обновите её и повторите действие.")


async def _require_csrf(user: ACurrentUser, csrf: Annotated[str, Form(max_length=200)] = "") -> CurrentUser:
    check_form(user, csrf)
    return user


AFormUser = Annotated[CurrentUser, Depends(_require_csrf)]
"""A signed-in user whose form has the session's CSRF token: required for every POST."""


async def _require_editor(user: AFormUser) -> CurrentUser:
    if not user.can_edit_records:
        raise Forbidden("Это действие доступно диспетчеру и директору.")
    return user


AWorker = Annotated[CurrentUser, Depends(_require_editor)]
"""An `AFormUser` whose role is in `WORKING_ROLES`."""

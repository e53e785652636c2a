"""Who is asking: the signed-in person, the CSRF token of their forms, and what their role may change."""

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
"""The roles that answer residents and may change tickets, callbacks and alarms. Every role may read everything of its
company."""


@dataclass(frozen=True, slots=True)
class CurrentUser:
    company_id: int
    """Pages show what belongs to this company."""
    login: str
    name: str
    role: Role
    interface: str | None
    """The queue member that is this person's phone."""
    csrf: str
    expires_at: datetime

    @property
    def can_edit_records(self) -> bool:
        return self.role in WORKING_ROLES


class SignInNeeded(Exception):
    """Nobody is signed in, or the session is over."""


class Forbidden(Exception):
    """This person may not do that; the message is for the page, in Russian."""


async def find_user(request: Request, app_state: AppState) -> CurrentUser | None:
    """The person whose session the cookie names; None when there is none."""
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
    request.state.mark = app_state.update_broadcaster.last_update_id  # before the page reads anything
    visitor = await find_user(request, app_state)
    if visitor is None:
        raise SignInNeeded
    return visitor


ACurrentUser = Annotated[CurrentUser, Depends(_require_session)]


def check_form(user: CurrentUser, csrf: str) -> None:
    """Raises Forbidden when the form is not of the session's own pages."""
    if not secrets.compare_digest(csrf.encode(), user.csrf.encode()):
        raise Forbidden("Страница устарела: обновите её и повторите действие.")


async def _require_csrf(user: ACurrentUser, csrf: Annotated[str, Form(max_length=200)] = "") -> CurrentUser:
    check_form(user, csrf)
    return user


AFormUser = Annotated[CurrentUser, Depends(_require_csrf)]
"""A signed-in person whose form carries the session's CSRF token: for every POST."""


async def _require_editor(user: AFormUser) -> CurrentUser:
    if not user.can_edit_records:
        raise Forbidden("Это действие доступно диспетчеру и директору.")
    return user


AWorker = Annotated[CurrentUser, Depends(_require_editor)]
"""The same, and the role answers residents."""

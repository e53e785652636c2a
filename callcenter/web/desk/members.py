"""Routes by which a dispatcher pauses or resumes their own queue member.

A route only writes a request into the database. The controller executes it in Asterisk.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from callcenter.queues.service import ask_member
from callcenter.web.desk.board import BoardPart, answer_with_part
from callcenter.web.plumbing.app_state import AnAppState
from callcenter.web.plumbing.current_user import AFormUser, Forbidden

router = APIRouter()


@router.post("/members/own/pause")
async def pause(
    request: Request,
    app_state: AnAppState,
    user: AFormUser,
    reason: Annotated[str, Form(min_length=1, max_length=100)],
) -> Response:
    return await _request_pause_change(request, app_state, user, paused=True, reason=reason)


@router.post("/members/own/return")
async def come_back(request: Request, app_state: AnAppState, user: AFormUser) -> Response:
    return await _request_pause_change(request, app_state, user, paused=False, reason="")


async def _request_pause_change(
    request: Request, app_state: AnAppState, user: AFormUser, *, paused: bool, reason: str
) -> Response:
    if user.interface is None:
        raise Forbidden("За вами не закреплён телефон очереди.")
    async with app_state.database.begin() as session:
        await ask_member(
            session,
            interface=user.interface,
            paused=paused,
            reason=reason,
            author=user.login,
            now=app_state.clock.now(),
        )
    return await answer_with_part(request, app_state, user, BoardPart.MEMBERS)

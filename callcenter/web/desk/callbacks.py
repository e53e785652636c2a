"""Routes by which a dispatcher takes a callback and closes it with a result."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from callcenter.callbacks.errors import CallbackNotFound
from callcenter.callbacks.service import finish_callback, take_callback
from callcenter.callbacks.views import one_callback
from callcenter.web.desk.board import BoardPart, answer_with_part
from callcenter.web.plumbing.app_state import AnAppState
from callcenter.web.plumbing.current_user import ACurrentUser, AWorker
from callcenter.web.plumbing.pages import is_partial, show

router = APIRouter()


@router.post("/callbacks/{callback_id}/take")
async def take(request: Request, callback_id: int, app_state: AnAppState, user: AWorker) -> Response:
    async with app_state.database.begin() as session:
        await take_callback(
            session, callback_id, company_id=user.company_id, login=user.login, now=app_state.clock.now()
        )
    return await answer_with_part(request, app_state, user, BoardPart.CALLBACKS)


@router.get("/callbacks/{callback_id}/done")
async def show_done_form(request: Request, callback_id: int, app_state: AnAppState, user: ACurrentUser) -> Response:
    async with app_state.database.begin() as session:
        callback = await one_callback(session, callback_id, company_id=user.company_id)
    if callback is None:
        raise CallbackNotFound
    template = "callback_done.html" if is_partial(request) else "callback_done_page.html"
    return show(request, app_state, template, {"callback": callback}, user=user)


@router.post("/callbacks/{callback_id}/done")
async def finish(
    request: Request,
    callback_id: int,
    app_state: AnAppState,
    user: AWorker,
    result: Annotated[str, Form(min_length=1, max_length=1000)],
) -> Response:
    async with app_state.database.begin() as session:
        await finish_callback(
            session,
            callback_id,
            company_id=user.company_id,
            login=user.login,
            result=result.strip(),
            now=app_state.clock.now(),
        )
    return await answer_with_part(request, app_state, user, BoardPart.CALLBACKS)

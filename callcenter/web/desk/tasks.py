"""Calls to be made back: taken by a dispatcher, done with a result."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from callcenter.queues.errors import TaskNotFound
from callcenter.queues.service import finish_task, take_task
from callcenter.queues.views import one_task
from callcenter.web.desk.board import BoardPart, answer_with_part
from callcenter.web.plumbing.app_state import AnAppState
from callcenter.web.plumbing.current_user import ACurrentUser, AWorker
from callcenter.web.plumbing.pages import is_partial, show

router = APIRouter()


@router.post("/tasks/{task_id}/take")
async def take(request: Request, task_id: int, app_state: AnAppState, user: AWorker) -> Response:
    async with app_state.database.begin() as session:
        await take_task(session, task_id, login=user.login, now=app_state.clock.now())
    return await answer_with_part(request, app_state, user, BoardPart.CALLBACKS)


@router.get("/tasks/{task_id}/done")
async def show_done_form(request: Request, task_id: int, app_state: AnAppState, user: ACurrentUser) -> Response:
    async with app_state.database.begin() as session:
        task = await one_task(session, task_id)
    if task is None:
        raise TaskNotFound
    template = "task_done.html" if is_partial(request) else "task_done_page.html"
    return show(request, app_state, template, {"task": task}, user=user)


@router.post("/tasks/{task_id}/done")
async def finish(
    request: Request,
    task_id: int,
    app_state: AnAppState,
    user: AWorker,
    result: Annotated[str, Form(min_length=1, max_length=1000)],
) -> Response:
    async with app_state.database.begin() as session:
        await finish_task(session, task_id, login=user.login, result=result.strip(), now=app_state.clock.now())
    return await answer_with_part(request, app_state, user, BoardPart.CALLBACKS)

"""Calls to be made back: taken by a dispatcher, done with a result."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from callcenter.queues.errors import TaskNotFound
from callcenter.queues.service import finish_task, take_task
from callcenter.queues.views import one_task
from callcenter.web.desk.board import Part, answer_with_part
from callcenter.web.plumbing.app_state import AnOffice
from callcenter.web.plumbing.pages import is_partial, show
from callcenter.web.plumbing.visitors import AVisitor, AWorker

router = APIRouter()


@router.post("/tasks/{task_id}/take")
async def take(request: Request, task_id: int, office: AnOffice, visitor: AWorker) -> Response:
    async with office.database.begin() as session:
        await take_task(session, task_id, login=visitor.login, now=office.clock.now())
    return await answer_with_part(request, office, visitor, Part.TASKS)


@router.get("/tasks/{task_id}/done")
async def show_done_form(request: Request, task_id: int, office: AnOffice, visitor: AVisitor) -> Response:
    async with office.database.begin() as session:
        task = await one_task(session, task_id)
    if task is None:
        raise TaskNotFound
    template = "task_done.html" if is_partial(request) else "task_done_page.html"
    return show(request, office, template, {"task": task}, visitor=visitor)


@router.post("/tasks/{task_id}/done")
async def finish(
    request: Request,
    task_id: int,
    office: AnOffice,
    visitor: AWorker,
    result: Annotated[str, Form(min_length=1, max_length=1000)],
) -> Response:
    async with office.database.begin() as session:
        await finish_task(session, task_id, login=visitor.login, result=result.strip(), now=office.clock.now())
    return await answer_with_part(request, office, visitor, Part.TASKS)

"""A dispatcher leaves the queue for a while and comes back: a wish in the database, carried out by the controller."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from callcenter.queues.service import ask_member
from callcenter.web.desk.board import Part, answer_with_part
from callcenter.web.plumbing.app_state import AnOffice
from callcenter.web.plumbing.visitors import AFormVisitor, Forbidden

router = APIRouter()


@router.post("/members/own/pause")
async def pause(
    request: Request,
    office: AnOffice,
    visitor: AFormVisitor,
    reason: Annotated[str, Form(min_length=1, max_length=100)],
) -> Response:
    return await _ask(request, office, visitor, paused=True, reason=reason)


@router.post("/members/own/return")
async def come_back(request: Request, office: AnOffice, visitor: AFormVisitor) -> Response:
    return await _ask(request, office, visitor, paused=False, reason="")


async def _ask(request: Request, office: AnOffice, visitor: AFormVisitor, *, paused: bool, reason: str) -> Response:
    if visitor.interface is None:
        raise Forbidden("За вами не закреплён телефон очереди.")
    async with office.database.begin() as session:
        await ask_member(
            session,
            interface=visitor.interface,
            paused=paused,
            reason=reason,
            author=visitor.login,
            now=office.clock.now(),
        )
    return await answer_with_part(request, office, visitor, Part.MEMBERS)

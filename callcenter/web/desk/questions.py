"""Questions that the robot had no answer for: read by the knowledge base's owner, and settled."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from callcenter.questions.service import settle_question
from callcenter.questions.views import open_questions
from callcenter.web.plumbing.app_state import AnOffice
from callcenter.web.plumbing.pages import is_partial, show
from callcenter.web.plumbing.visitors import AVisitor, AWorker

router = APIRouter()


@router.get("/questions")
async def list_questions(request: Request, office: AnOffice, visitor: AVisitor) -> Response:
    async with office.database.begin() as session:
        questions = await open_questions(session)
    template = "questions_list.html" if is_partial(request) else "questions.html"
    return show(request, office, template, {"questions": questions}, visitor=visitor)


@router.post("/questions/settled")
async def settle(
    office: AnOffice, visitor: AWorker, question: Annotated[str, Form(min_length=1, max_length=80)]
) -> Response:
    async with office.database.begin() as session:
        await settle_question(session, question, by=visitor.login, now=office.clock.now())
    return RedirectResponse("/questions", status_code=303)

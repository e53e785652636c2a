"""Routes for the questions that the robot could not answer: the owner of the knowledge base lists and settles them."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from callcenter.questions.service import settle_question
from callcenter.questions.views import open_questions
from callcenter.web.plumbing.app_state import AnAppState
from callcenter.web.plumbing.current_user import ACurrentUser, AWorker
from callcenter.web.plumbing.pages import is_partial, show

router = APIRouter()


@router.get("/questions")
async def list_questions(request: Request, app_state: AnAppState, user: ACurrentUser) -> Response:
    async with app_state.database.begin() as session:
        questions = await open_questions(session, user.company_id)
    template = "questions_list.html" if is_partial(request) else "questions.html"
    return show(request, app_state, template, {"questions": questions}, user=user)


@router.post("/questions/settled")
async def settle(
    app_state: AnAppState, user: AWorker, question: Annotated[str, Form(min_length=1, max_length=80)]
) -> Response:
    async with app_state.database.begin() as session:
        await settle_question(session, question, company_id=user.company_id, by=user.login, now=app_state.clock.now())
    return RedirectResponse("/questions", status_code=303)

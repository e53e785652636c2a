"""Route by which a dispatcher marks an alarm as seen."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from callcenter.alarms.service import mark_seen
from callcenter.web.desk.board import BoardPart, answer_with_part
from callcenter.web.plumbing.app_state import AnAppState
from callcenter.web.plumbing.current_user import AWorker

router = APIRouter()


@router.post("/alarms/{alarm_id}/seen")
async def see(
    request: Request,
    alarm_id: int,
    app_state: AnAppState,
    user: AWorker,
    newest: Annotated[int | None, Form(ge=1, lt=2**63)] = None,
) -> Response:
    """`newest`: the highest id of the equal alarms that the page shows as one line."""
    async with app_state.database.begin() as session:
        await mark_seen(
            session, alarm_id, company_id=user.company_id, by=user.login, now=app_state.clock.now(), newest_id=newest
        )
    return await answer_with_part(request, app_state, user, BoardPart.ALARMS)

"""`/healthz`: whether the desk can work, for the supervisor and for pages that wait. Tells nothing about people."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import func, select

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.views import stands_open
from callcenter.calls.models import CallEvent
from callcenter.core.errors import DatabaseUnavailable
from callcenter.web.plumbing.app_state import AnAppState

router = APIRouter()


@router.get("/healthz")
async def report_health(app_state: AnAppState) -> JSONResponse:
    """200 when PostgreSQL answers, else 503. `live` is whether news of the database is heard, `pages` are those open
    now, `telephony` is false while an alarm about it stands; `last_event_at` is the newest line of any call's
    timeline, the sign of life that the controller leaves in the database."""
    try:
        async with app_state.database.begin() as session:
            newest = await session.scalar(select(func.max(CallEvent.at)))
            telephony = not await stands_open(session, AlarmKind.TELEPHONY)
    except DatabaseUnavailable:
        return JSONResponse({"status": "database away", "database": False, "live": False}, status_code=503)
    return JSONResponse(
        {
            "status": "ok" if telephony else "telephony in trouble",
            "database": True,
            "live": app_state.update_broadcaster.is_connected,
            "pages": app_state.update_broadcaster.open_page_count,
            "telephony": telephony,
            "last_event_at": newest.isoformat() if newest else None,
        }
    )

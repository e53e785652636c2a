"""`/healthz`: health of the desk, for the supervisor and for waiting error pages. No session, no personal data."""

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
    """Returns 200 when PostgreSQL answers, else 503.

    `live`: the LISTEN connection is up. `pages`: number of pages with an open event stream. `telephony`: false while a
    telephony alarm is open. `last_event_at`: time of the newest timeline entry of any call, which shows that the
    controller still writes to the database.
    """
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

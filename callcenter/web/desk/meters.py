"""Routes for the meter readings given by residents: a list for the bookkeeper and a CSV download."""

import csv
import io
from collections.abc import Iterable
from datetime import tzinfo

from fastapi import APIRouter, Request
from fastapi.responses import Response

from callcenter.meters.models import MeterReading
from callcenter.meters.views import newest_readings
from callcenter.web.plumbing.app_state import AnAppState
from callcenter.web.plumbing.current_user import ACurrentUser
from callcenter.web.plumbing.pages import is_partial, show
from callcenter.web.plumbing.ui_texts import UiTexts

router = APIRouter()

MOST_IN_TABLE = 10_000
_BYTE_ORDER_MARK = "\ufeff"
"""Makes Excel read the file as UTF-8; without it Cyrillic is garbled."""


@router.get("/meters")
async def list_readings(request: Request, app_state: AnAppState, user: ACurrentUser) -> Response:
    async with app_state.database.begin() as session:
        readings = await newest_readings(session, user.company_id)
    template = "meters_list.html" if is_partial(request) else "meters.html"
    return show(request, app_state, template, {"readings": readings}, user=user)


@router.get("/meters.csv")
async def save_readings(app_state: AnAppState, user: ACurrentUser) -> Response:
    """Returns the newest `MOST_IN_TABLE` readings as CSV with semicolons, which Excel opens by a double click."""
    async with app_state.database.begin() as session:
        readings = await newest_readings(session, user.company_id, limit=MOST_IN_TABLE)
    table = _build_csv(readings, app_state.ui_texts, app_state.settings.company.zone)
    return Response(
        _BYTE_ORDER_MARK + table,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="meters.csv"'},
    )


def _build_csv(readings: Iterable[MeterReading], words: UiTexts, zone: tzinfo) -> str:
    written = io.StringIO()
    table = csv.writer(written, delimiter=";", lineterminator="\r\n")
    table.writerow(("лицевой счёт", "счётчик", "показание", "когда", "сомнение"))
    for reading in readings:
        table.writerow(
            (
                reading.account,
                words.meter[reading.kind],
                reading.value,
                reading.taken_at.astimezone(zone).strftime("%d.%m.%Y %H:%M"),
                words.doubt[reading.doubt] if reading.doubt else "",
            )
        )
    return written.getvalue()

"""Routes for the audio and the waveform of a call's recording. Each playback is logged in the call's timeline."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import soundfile
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.errors import RecordingNotOnDisk
from callcenter.calls.models import EventSource, Recording
from callcenter.calls.service import record_event
from callcenter.calls.views import one_call
from callcenter.core.event_kinds import EventKind
from callcenter.web.desk.call_card import PLAYABLE
from callcenter.web.desk.waveform import LOUDEST, measure_waveform
from callcenter.web.plumbing.app_state import AnAppState
from callcenter.web.plumbing.current_user import ACurrentUser, CurrentUser

router = APIRouter()

_MEDIA_TYPES = {".flac": "audio/flac", ".opus": "audio/ogg", ".ogg": "audio/ogg", ".wav": "audio/wav"}
_LISTENING_WINDOW_SECONDS = 600
"""Length of a time slot, in seconds. A player fetches a file by many range requests: those of one user in one slot are
logged as one playback. A longer slot merges separate playbacks; a shorter one logs a long playback more often."""


@router.get("/calls/{call_id}/recording")
async def play_recording(
    request: Request,
    call_id: str,
    app_state: AnAppState,
    user: ACurrentUser,
    download: Annotated[bool, Query()] = False,
) -> Response:
    """Sends the file, whole or by ranges (FileResponse implements them: 206, 416, If-Range), and logs the playback."""
    now = app_state.clock.now()
    async with app_state.database.begin() as session:
        recording = await _find_recording(session, user, call_id)
        file = _resolve_file(recording, app_state.recordings_directory)
        await record_event(
            session,
            call_id,
            at=now,
            source=EventSource.CENTRE,
            kind=EventKind.RECORDING_SAVED if download else EventKind.RECORDING_HEARD,
            key=_listening_key(user.login, now, download=download),
            facts={"author": user.login},
        )
    return FileResponse(
        file,
        media_type=_MEDIA_TYPES.get(file.suffix, "application/octet-stream"),
        filename=file.name if download else None,
        headers={"Cache-Control": "private, no-store"},
    )


@router.get("/calls/{call_id}/waveform")
async def show_waveform(call_id: str, app_state: AnAppState, user: ACurrentUser) -> JSONResponse:
    """Returns {"loudest": maximum, "channels": levels of each channel}. Viewing is not logged as a playback.

    Raises RecordingNotOnDisk when the file cannot be decoded.
    """
    async with app_state.database.begin() as session:
        file = _resolve_file(await _find_recording(session, user, call_id), app_state.recordings_directory)
    try:
        channels = await asyncio.to_thread(measure_waveform, file)
    except soundfile.LibsndfileError as error:
        raise RecordingNotOnDisk from error
    return JSONResponse({"loudest": LOUDEST, "channels": channels})


async def _find_recording(session: AsyncSession, user: CurrentUser, call_id: str) -> Recording | None:
    if await one_call(session, user.company_id, call_id) is None:
        return None
    return await session.get(Recording, call_id)


def _resolve_file(recording: Recording | None, directory: Path) -> Path:
    """Returns the recording's file. The path comes from a row and may pass symbolic links, so its target must be below
    `directory`. Raises HTTPException 404 without a playable recording, RecordingNotOnDisk when the file is missing."""
    if recording is None or recording.path is None or recording.state not in PLAYABLE:
        raise HTTPException(404)
    root = directory.resolve()
    file = (root / recording.path).resolve()
    if not file.is_relative_to(root) or file.suffix not in _MEDIA_TYPES:
        raise HTTPException(404)
    if not file.is_file():
        raise RecordingNotOnDisk
    return file


def _listening_key(login: str, now: datetime, *, download: bool) -> str:
    slot = int(now.timestamp()) // _LISTENING_WINDOW_SECONDS
    return f"{'saved' if download else 'heard'}:{login}:{slot}"

"""Routes for the robot's prompts: the text of each, its audio, and the upload of a person's recording.

An upload is checked at once, and the page shows the result. Callers hear the recording some seconds later, when the
controller has installed it.
"""

import asyncio
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.datastructures import UploadFile

from callcenter.staff.models import Role
from callcenter.web.plumbing.app_state import AnAppState
from callcenter.web.plumbing.current_user import ACurrentUser, CurrentUser, Forbidden, check_form
from callcenter.web.plumbing.pages import is_partial, show
from callcenter.web.plumbing.prompt_studio import UnfitRecording

RECORDING_ROLES = frozenset({Role.DIRECTOR, Role.ADMINISTRATOR})
"""Roles that may upload recordings of prompts."""
FORMATS = ".wav,.flac,.ogg,.oga,audio/wav,audio/flac,audio/ogg"

router = APIRouter()


@router.get("/prompts")
async def list_prompts(
    request: Request,
    app_state: AnAppState,
    user: ACurrentUser,
    missing: Annotated[bool, Query()] = False,
    search: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    prompts = await asyncio.to_thread(app_state.prompt_recordings.list_prompts)
    words = search.lower().replace("ё", "е").split()
    shown = [
        prompt
        for prompt in prompts
        if not (missing and prompt.is_recorded)
        and all(word in f"{prompt.number} {prompt.text}".lower().replace("ё", "е") for word in words)
    ]
    facts = {
        "prompts": shown,
        "total": len(prompts),
        "recorded": sum(prompt.is_recorded for prompt in prompts),
        "missing": missing,
        "search": search,
    }
    return show(request, app_state, "prompts_list.html" if is_partial(request) else "prompts.html", facts, user=user)


@router.get("/prompts/{number}")
async def show_prompt(request: Request, number: int, app_state: AnAppState, user: ACurrentUser) -> Response:
    return await _render_prompt(request, app_state, user, number)


@router.get("/prompts/{number}/sound")
async def play_prompt(number: int, app_state: AnAppState, user: ACurrentUser) -> FileResponse:
    file = await asyncio.to_thread(app_state.prompt_recordings.find_audio_file, number)
    if file is None:
        raise HTTPException(status_code=404)
    return FileResponse(file, media_type="audio/wav", headers={"Cache-Control": "private, no-store"})


@router.post("/prompts/{number}/recording")
async def hand_in(request: Request, number: int, app_state: AnAppState, user: ACurrentUser) -> Response:
    """Accepts a recording, or shows why it is unfit.

    The body may be large (20 MB), so the form is parsed here, after the session check, and not by a parameter.
    """
    async with request.form(max_files=1, max_fields=5) as form:
        check_form(user, str(form.get("csrf", "")))
        if user.role not in RECORDING_ROLES:
            raise Forbidden("Записи фраз принимают директор и администратор.")
        sound = form.get("sound")
        content = await sound.read() if isinstance(sound, UploadFile) else b""
    try:
        if not content:
            raise UnfitRecording("Файл не выбран или пуст.")
        await asyncio.to_thread(app_state.prompt_recordings.upload_recording, number, content)
    except KeyError as error:
        raise HTTPException(status_code=404) from error
    except UnfitRecording as unfit:
        return await _render_prompt(request, app_state, user, number, complaint=str(unfit))
    return RedirectResponse(f"/prompts/{number}", status_code=303)


async def _render_prompt(
    request: Request, app_state: AnAppState, user: CurrentUser, number: int, *, complaint: str = ""
) -> Response:
    prompts = await asyncio.to_thread(app_state.prompt_recordings.list_prompts)
    at = next((at for at, prompt in enumerate(prompts) if prompt.number == number), None)
    if at is None:
        raise HTTPException(status_code=404)
    facts = {
        "prompt": prompts[at],
        "before": prompts[at - 1] if at else None,
        "after": prompts[at + 1] if at + 1 < len(prompts) else None,
        "may_record": user.role in RECORDING_ROLES,
        "formats": FORMATS,
        "complaint": complaint,
    }
    return show(request, app_state, "prompt.html", facts, user=user, status=422 if complaint else 200)

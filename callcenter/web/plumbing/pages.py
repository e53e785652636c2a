"""The Jinja2 environment with the desk's filters, and the functions by which routes answer with a page."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from callcenter.knowledge.categories import Urgency
from callcenter.web.plumbing import formatting
from callcenter.web.plumbing.app_state import AppState
from callcenter.web.plumbing.current_user import CurrentUser
from callcenter.web.plumbing.ui_texts import UiTexts

ResponseT = TypeVar("ResponseT", bound=Response)

TEMPLATES = Path(__file__).parent.parent / "templates"


def build_templates(zone: ZoneInfo, ui_texts: UiTexts) -> Environment:
    """Builds the Jinja2 environment. All output is escaped; a variable missing from the context raises an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        duration=formatting.spell_span,
        wait=formatting.spell_wait,
        phone=formatting.spell_phone,
        size=formatting.spell_size,
        clock_time=lambda at: formatting.spell_time(at, zone),
        clock_seconds=lambda at: formatting.spell_time(at, zone, seconds=True),
        full_moment=lambda at: formatting.spell_full_moment(at, zone),
        short_moment=lambda at, now: formatting.spell_moment(at, zone, now=now),
        forms=formatting.choose_form,
        urgency=lambda code: Urgency(code).label,
        author=lambda login, people: ui_texts.author.get(login) or people.get(login, login),
    )
    return environment


def show(
    request: Request,
    app_state: AppState,
    template: str,
    context: Mapping[str, Any],
    *,
    user: CurrentUser | None,
    now: datetime | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Renders a template, a whole page or a part for htmx, with the common context; `context` overrides it."""
    longest_wait = app_state.settings.queue.callback_after_seconds
    context = {
        "partial": is_partial(request),
        "user": user,
        "now": now or app_state.clock.now(),
        "words": app_state.ui_texts,
        "company": app_state.settings.company,
        "mark": getattr(request.state, "mark", ""),
        "section": _find_nav_section(request.url.path),
        "wait_near": longest_wait // 2,
        "wait_late": longest_wait,
        **context,
    }
    text = app_state.templates.get_template(template).render(context)
    return HTMLResponse(text, status_code=status, headers=dict(headers or {}))


def announce(response: ResponseT, event: str, message: str = "") -> ResponseT:
    """Adds the HX-Trigger header: htmx fires `event` in the requesting page, with `message` for the user."""
    response.headers["HX-Trigger"] = json.dumps({event: {"message": message}})
    return response


def is_partial(request: Request) -> bool:
    """Returns whether the request is from htmx, which wants a part of a page."""
    return request.headers.get("hx-request") == "true"


def _find_nav_section(path: str) -> str:
    first = path.strip("/").split("/")[0]
    if first in ("questions", "meters", "prompts"):
        return "/questions"
    return f"/{first}" if first in ("calls", "tickets") else "/"

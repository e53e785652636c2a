"""Shared state of the desk's routes: built once by `create_app`, injected into each request as `AnAppState`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, Request
from jinja2 import Environment

from callcenter.core.clock import Clock
from callcenter.core.database import Database
from callcenter.knowledge.categories import Categories
from callcenter.settings import Settings
from callcenter.web.plumbing.live_updates import UpdateBroadcaster
from callcenter.web.plumbing.prompt_studio import PromptRecordings
from callcenter.web.plumbing.ui_texts import UiTexts

FindDangers = Callable[[str], Iterable[str]]
"""Takes the text of a line and returns, for each danger in it, the words that name the danger, separated by spaces. In
the line other words may stand between them."""


@dataclass(frozen=True, slots=True)
class AppState:
    database: Database
    settings: Settings
    recordings_directory: Path
    clock: Clock
    ui_texts: UiTexts
    categories: Categories
    templates: Environment
    update_broadcaster: UpdateBroadcaster
    find_dangers: FindDangers
    prompt_recordings: PromptRecordings


def _get_app_state(request: Request) -> AppState:
    return cast(AppState, request.app.state.office)


AnAppState = Annotated[AppState, Depends(_get_app_state)]

"""What every page of the desk works with: built once by `create_app`, handed to each request."""

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
from callcenter.web.plumbing.live_updates import Live
from callcenter.web.plumbing.prompt_studio import Studio
from callcenter.web.plumbing.words import Words

FindDangers = Callable[[str], Iterable[str]]
"""The words of a line that name a danger, once for each danger; in the line other words may stand between them."""


@dataclass(frozen=True, slots=True)
class Office:
    database: Database
    settings: Settings
    recordings_directory: Path
    clock: Clock
    ui_texts: Words
    categories: Categories
    templates: Environment
    update_broadcaster: Live
    find_dangers: FindDangers
    prompt_recordings: Studio


def _get_app_state(request: Request) -> Office:
    return cast(Office, request.app.state.office)


AnOffice = Annotated[Office, Depends(_get_app_state)]

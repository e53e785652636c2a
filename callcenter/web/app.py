"""The desk: the dispatchers' web application. It works on PostgreSQL and files, and never talks to Asterisk.

The desk runs as a separate process. Killing it, restarting it or losing its database affects no call.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from callcenter.core.clock import Clock
from callcenter.core.database import Database
from callcenter.knowledge.categories import Categories
from callcenter.settings import Settings
from callcenter.web.desk import (
    alarms,
    board,
    callbacks,
    calls,
    members,
    meters,
    prompts,
    questions,
    recordings,
    tickets,
)
from callcenter.web.plumbing import error_pages, health, sign_in, sse
from callcenter.web.plumbing.app_state import AppState, FindDangers
from callcenter.web.plumbing.live_updates import UpdateBroadcaster
from callcenter.web.plumbing.pages import build_templates
from callcenter.web.plumbing.prompt_studio import PromptRecordings
from callcenter.web.plumbing.security import SecurityHeaders
from callcenter.web.plumbing.ui_texts import read_ui_texts

STATIC = Path(__file__).parent / "static"


def create_app(
    *,
    database: Database,
    settings: Settings,
    recordings_directory: Path,
    clock: Clock,
    categories: Categories,
    find_dangers: FindDangers,
    prompt_recordings: PromptRecordings,
) -> FastAPI:
    """Builds the desk's application with all its routes. The caller owns `database` and closes it.

    `categories` are the ticket categories offered to a dispatcher, `find_dangers` finds the words to highlight in a
    transcript, `prompt_recordings` stores the recordings of the robot's prompts.
    """
    live = UpdateBroadcaster(database.url)
    words = read_ui_texts()
    app = FastAPI(
        title="Ситуационный центр", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_run_broadcaster
    )
    app.state.office = AppState(
        database=database,
        settings=settings,
        recordings_directory=recordings_directory,
        clock=clock,
        ui_texts=words,
        categories=categories,
        templates=build_templates(settings.company.zone, words),
        update_broadcaster=live,
        find_dangers=find_dangers,
        prompt_recordings=prompt_recordings,
    )
    for room in (
        sign_in,
        board,
        members,
        callbacks,
        alarms,
        calls,
        recordings,
        tickets,
        questions,
        meters,
        prompts,
        sse,
        health,
    ):
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    error_pages.register(app)
    app.add_middleware(SecurityHeaders)
    return app


async def serve(app: FastAPI, *, host: str, port: int) -> None:
    """Serves HTTP until the process receives a termination signal.

    A reverse proxy on the same machine terminates TLS. X-Forwarded-* headers are trusted only from 127.0.0.1.
    """
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,  # the URL of a call search contains a phone number
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips="127.0.0.1",
            timeout_graceful_shutdown=3,
        )
    )
    await server.serve()


@asynccontextmanager
async def _run_broadcaster(app: FastAPI) -> AsyncIterator[None]:
    office: AppState = app.state.office
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(office.update_broadcaster.run())
        yield
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening

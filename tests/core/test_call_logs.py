"""The logs of a call: JSON, one object a line, the call's id in each line about it, nobody's number or name in any."""

import asyncio
import contextlib
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from callcenter.conducting.line import Dialogue
from callcenter.core.database import Database
from callcenter.core.errors import CallcenterError
from callcenter.core.logging import configure_logging
from callcenter.dialogue.engine.commands import Command, Say
from callcenter.dialogue.engine.events import Event
from callcenter.knowledge.categories import Categories
from callcenter.operations.supervisor import SupervisedProcess, Supervisor
from callcenter.settings import Settings
from callcenter.web.app import create_app
from callcenter.web.plumbing.current_user import SESSION_COOKIE
from tests.stand_ins.ari import StandInAsterisk
from tests.stand_ins.centre import run_centre
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.studio import PaperStudio

NUMBER = "79001112233"
TYPED = "89215556677"


class Log:
    """What was written to standard error since the last look."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def read(self) -> list[dict[str, Any]]:
        """Every line, after a look that it gives nobody away."""
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        for digits in (NUMBER[1:], TYPED[1:]):
            assert digits not in text
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            assert line.keys() >= {"event", "level", "timestamp"}
        return lines


@pytest.fixture
def log(plain_logs: None) -> Iterator[Log]:
    """Written as in production; left as pytest had it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    log = Log()
    with contextlib.redirect_stderr(log.stream):
        configure_logging("INFO")
    yield log
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


class RepeatsTheNumber(Dialogue):
    """A conversation that says what the caller typed."""

    def handle_event(self, event: Event) -> list[Command]:
        return [Say(turn=1, text=f"Вы набрали: {TYPED}.", interruptible=True)]


async def test_an_ordinary_call_gives_nobody_away(asterisk: StandInAsterisk, log: Log) -> None:
    async with run_centre(asterisk) as centre:
        known, withheld = centre.call(NUMBER), centre.call("")
        for caller in (known, withheld):
            await caller.hears("нажмите один")
            caller.presses("1")
        await withheld.hears("Наберите номер телефона")
        withheld.presses(TYPED)
        for caller in (known, withheld):
            await caller.hears("Ваша заявка")
            await caller.is_in("goodbye")
            await centre.lets_go_of(caller)
    assert centre.register.tickets[withheld.call_id][2] is not None
    assert [line["event"] for line in log.read()] == ["connected to ARI"]


async def test_trouble_in_a_call_names_the_call(asterisk: StandInAsterisk, log: Log) -> None:
    asterisk.broken_sounds.add(f"sound:prompts/Вы набрали: {TYPED}.")
    async with run_centre(asterisk, begin_talk=RepeatsTheNumber) as centre:
        caller = centre.call(NUMBER)
        await caller.is_in("fallback")
        await centre.lets_go_of(caller)
    failures = [line for line in log.read() if line["event"] == "the robot failed"]
    assert [line["call_id"] for line in failures] == [caller.call_id]
    assert failures[0]["exception"][0]["exc_value"] == "the sound of «…» could not be played"


async def test_a_call_that_is_only_passed_on_is_named_too(asterisk: StandInAsterisk, log: Log) -> None:
    def refuse() -> Dialogue:
        raise LookupError("no script")

    async with run_centre(asterisk, begin_talk=refuse, reply_within=0.2) as centre:
        asterisk.late_once["continue"] = 1.0
        caller = centre.call(NUMBER)
        written = log.read()
        async with asyncio.timeout(10):
            while not written or written[-1]["event"] != "left to its lease":
                await asyncio.sleep(0.01)
                written += log.read()
    assert [line["event"] for line in written] == [
        "connected to ARI",
        "no conversation for a call",
        "left to its lease",
    ]
    assert {line["call_id"] for line in written[1:]} == {caller.call_id}


async def test_the_supervisor_names_its_programs(log: Log) -> None:
    def refuse() -> None:
        raise CallcenterError("the port is taken")

    supervisor = Supervisor([SupervisedProcess("desk", lambda: None, refuse)], shortest=0.01)
    running = asyncio.create_task(supervisor.run())
    written = log.read()
    async with asyncio.timeout(10):
        while not written:
            await asyncio.sleep(0.01)
            written += log.read()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (written[0]["program"], written[0]["why"]) == ("desk", "the port is taken")


async def test_the_desk_names_the_call_of_a_page_that_broke(
    database: Database, clock: FakeClock, tmp_path: Path, log: Log
) -> None:
    away = Database(database.url.replace("/test_", "/gone_"), connect_seconds=1)
    app = create_app(
        database=away,
        settings=Settings(),
        recordings_directory=tmp_path,
        clock=clock,
        categories=Categories(()),
        find_dangers=lambda _: (),
        prompt_recordings=PaperStudio(),
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    cookies = {SESSION_COOKIE: "a token"}
    async with httpx.AsyncClient(transport=transport, base_url="http://desk", cookies=cookies) as browser:
        for page in (f"/calls?search={NUMBER}", "/calls/b1-1.7", "/calls/b1-1.7/recording"):
            assert (await browser.get(page)).status_code == 503
    await away.close()
    assert [(line["event"], line.get("call_id")) for line in log.read()] == [
        ("desk.database_unavailable", None),
        ("desk.database_unavailable", "b1-1.7"),
        ("desk.database_unavailable", "b1-1.7"),
    ]

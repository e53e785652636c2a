"""What a person said or dialled stays out of the logs, also when something goes wrong in the middle of it."""

import json
import logging
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from callcenter.core.database import Database
from callcenter.core.logging import configure_logging
from callcenter.speech.voice import VoiceFailed

PHONE = "+79001112233"


@pytest.fixture(autouse=True)
def _unconfigured() -> Iterator[None]:
    """Leaves the logs as pytest had them."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def test_the_frames_of_a_failure_name_places_and_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()

    def call(caller: str) -> None:
        raise RuntimeError(f"{len(caller)} signs")

    try:
        call(PHONE)
    except RuntimeError:
        structlog.get_logger().exception("failed")
    logged = capsys.readouterr().err
    assert "test_logging" in logged
    assert PHONE not in logged


async def test_a_refused_row_is_logged_without_its_values(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging()
    row = {"id": "b1-1.0", "number": PHONE}
    statement = text("INSERT INTO call (company_id, id, caller_number, arrived_at) VALUES (1, :id, :number, now())")
    try:
        async with database.begin() as session:
            await session.execute(statement, row)
    except DBAPIError:
        structlog.get_logger().exception("refused")
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    ours, theirs = capsys.readouterr().err.splitlines()
    for logged in (ours, theirs):
        assert "caller_shown" in logged, "which column it was"
        assert "INSERT INTO call" in logged
        assert PHONE not in logged
    assert json.loads(theirs)["level"] == "error"


async def test_a_row_stays_out_of_a_field_too(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    statement = text(
        "INSERT INTO call (company_id, id, caller_number, arrived_at) VALUES (1, 'b1-1.0', :number, now())"
    )
    try:
        async with database.begin() as session:
            await session.execute(statement, {"number": PHONE})
    except DBAPIError as error:
        structlog.get_logger().warning("refused", error=repr(error))
    logged = json.loads(capsys.readouterr().err)
    assert "caller_shown" in logged["error"]
    assert PHONE not in logged["error"]


def test_what_was_to_be_spoken_stays_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    error = VoiceFailed(f"festival made no sound of «Вы набрали: {PHONE}.»: it ended")
    try:
        raise ExceptionGroup("two", [error, ValueError("no digits")])
    except ExceptionGroup as group:
        structlog.get_logger().error("failed", exc_info=group, why=str(error))
    logged = capsys.readouterr().err
    assert "made no sound of «…»: it ended" in json.loads(logged)["why"]
    assert "no digits" in logged
    assert PHONE not in logged


def test_quiet_levels_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("WARNING")
    structlog.get_logger().info("said", text=PHONE)
    logging.getLogger("httpx").info("GET /ari/channels")
    assert capsys.readouterr().err == ""


def test_a_full_disk_costs_lines_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would be the complaint of a full disk that ends the work which has just lived through it."""
    log = tmp_path / "controller.log"
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    with log.open("w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        configure_logging()
        structlog.get_logger().error("before")
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 10, most))
        try:
            for number in range(3):
                structlog.get_logger().error("no room", number=number)
                logging.getLogger("library").error("no room either")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        structlog.get_logger().error("after")
    lines = log.read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["event"] == "before"
    assert '"event": "after"' in lines[-1]

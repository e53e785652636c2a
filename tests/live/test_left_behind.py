"""After all other live tests: every call left its record, nothing was thrown, nothing belongs to nothing."""

import asyncio
import json

import pytest

from callcenter.core.database import Database
from callcenter.intake.reconciliation import SETTLED
from tests.live.running_centre import RunningCentre

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]


async def test_every_call_left_its_record(centre: RunningCentre, database: Database) -> None:
    assert await centre.ledger.settle(database) == []


def test_no_log_tells_of_an_exception(centre: RunningCentre) -> None:
    for program in ("controller", "desk", "supervisor"):
        log = (centre.layout.logs / f"{program}.log").read_text(encoding="utf-8")
        assert "Traceback" not in log, program
        lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
        assert lines
        assert [line for line in lines if line.get("level") in ("error", "critical")] == [], program
    for program in ("asterisk", "postgres"):
        log = (centre.layout.logs / f"{program}.log").read_text(encoding="utf-8")
        assert "PANIC" not in log
        assert "assert" not in log.lower(), program


async def test_everything_belongs_to_something(centre: RunningCentre) -> None:
    """Asked once the last call is old enough to be judged."""
    await asyncio.sleep(SETTLED.total_seconds())
    compared = centre.command("reconcile")
    assert compared.returncode == 0, compared.stdout

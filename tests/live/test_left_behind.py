"""After all other live tests: every call left its record, nothing was thrown, nothing belongs to nothing."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from callcenter.calls.models import Call
from callcenter.core.database import Database
from callcenter.intake.reconciliation import SETTLED
from tests.live.running_centre import RunningCentre

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]


async def test_every_call_left_its_record(centre: RunningCentre, database: Database) -> None:
    complaints = await centre.ledger.settle(database)
    assert not complaints, "\n".join(complaints)


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


async def test_everything_belongs_to_something(centre: RunningCentre, database: Database) -> None:
    """Asked once the last call is old enough to be judged."""
    async with database.begin() as session:
        last = await session.scalar(select(func.max(Call.ended_at)))
    assert last is not None
    await asyncio.sleep(max((last + SETTLED - datetime.now(UTC)).total_seconds() + 1.0, 0.0))
    compared = centre.command("reconcile")
    assert compared.returncode == 0, compared.stdout

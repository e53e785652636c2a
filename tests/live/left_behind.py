"""After a centre's last test: every call left its record, nothing was thrown, nothing belongs to nothing."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import func, select

from callcenter.calls.models import Call
from callcenter.core.database import Database
from callcenter.reporting.reconciliation import SETTLED
from tests.live.running_centre import RunningCentre

LOOPS = "ends again and again"
"""What the supervisor calls a program that ended three times, none of its lives a minute long."""


async def find_left_behind(centre: RunningCentre) -> list[str]:
    """What is wrong, a line each. Waits until the last call is old enough to be judged."""
    database = Database(centre.cluster.address())
    try:
        complaints = await centre.ledger.settle(database)
        async with database.begin() as session:
            last = await session.scalar(select(func.max(Call.ended_at)))
    finally:
        await database.close()
    if last is not None:
        await asyncio.sleep(max((last + SETTLED - datetime.now(UTC)).total_seconds() + 1.0, 0.0))
    compared = await asyncio.to_thread(centre.command, "reconcile")
    if compared.returncode != 0:
        complaints.append(compared.stdout)
    return [*complaints, *_exceptions(centre)]


def _exceptions(centre: RunningCentre) -> Iterator[str]:
    """What the logs tell of trouble, but for what the tests made."""
    for program in ("controller", "desk", "supervisor"):
        for line in (centre.layout.log_directory / f"{program}.log").read_text(encoding="utf-8").splitlines():
            told = _read(line)
            if told is None:
                if "Traceback" in line:
                    yield f"{program}.log: {line}"
            elif told.get("level") in ("error", "critical") and not _was_provoked(centre, told):
                yield f"{program}.log: {line}"
    for program in ("asterisk", "postgres"):
        log = (centre.layout.log_directory / f"{program}.log").read_text(encoding="utf-8")
        if "PANIC" in log or "assert" in log.lower():
            yield f"{program}.log: PANIC or assert"


def _was_provoked(centre: RunningCentre, told: dict[str, object]) -> bool:
    """Whether tests have made this error; a loop only if every end in it was a kill of theirs."""
    if told.get("event") == LOOPS:
        times = told["times"]
        return isinstance(times, int) and times <= centre.kills[str(told["program"])]
    return told.get("event") in centre.provoked


def _read(line: str) -> dict[str, object] | None:
    """None for what is no line of ours, or torn: a test took the disk's room away."""
    try:
        return dict(json.loads(line)) if line.startswith("{") else None
    except ValueError:
        return None

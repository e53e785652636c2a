"""After all other live tests: nothing was thrown, nothing belongs to nothing."""

import json

import pytest

from callcenter.intake.reconciliation import SETTLED
from tests.live.running_centre import RunningCentre

pytestmark = [pytest.mark.live, pytest.mark.timeout(60, func_only=True)]


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


def test_everything_belongs_to_something(centre: RunningCentre) -> None:
    """Asked once all calls are old enough to be judged."""
    import time

    time.sleep(SETTLED.total_seconds())
    compared = centre.command("reconcile")
    assert compared.returncode == 0, compared.stdout

"""The last line of `make test` tells the truth about what ran."""

import sys
from pathlib import Path

import pytest

from tests.run_all import Stage, run_command, run_tests, spell

MIXED = "def test_good(): pass\n\ndef test_bad(): assert False\n\n\nclass TestRoom:\n    def test_good(self): pass\n"


def pytest_over(directory: Path, text: str) -> Stage:
    (directory / "test_some.py").write_text(text, encoding="utf-8")
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={directory}", str(directory))
    return run_tests("tests", (*command, "-c", "/dev/null"))


def test_a_stage_counts_what_passed_and_names_what_did_not(tmp_path: Path) -> None:
    stage = pytest_over(tmp_path, MIXED)
    assert (stage.ok, stage.passed, stage.failed) == (False, 2, ("test_some::test_bad",))
    assert str(stage).startswith("tests: 2 passed, 1 failed in ")


def test_a_stage_in_which_all_passed_is_ok(tmp_path: Path) -> None:
    stage = pytest_over(tmp_path, "def test_good(): pass\n")
    assert (stage.ok, stage.passed, stage.failed) == (True, 1, ())
    assert str(stage).startswith("tests: 1 passed in 0:0")


def test_a_stage_that_does_not_begin_is_a_failure(tmp_path: Path) -> None:
    assert not pytest_over(tmp_path, "import nothing_of_that_name\n").ok
    stage = run_command("lint", (sys.executable, "-c", "raise SystemExit(1)"))
    assert str(stage).startswith("lint: failed in ")


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (65.2, "1:05"), (754, "12:34")])
def test_a_duration_is_minutes_and_seconds(seconds: float, text: str) -> None:
    assert spell(seconds) == text

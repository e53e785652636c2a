"""Everything that `make test` runs, stage by stage, and one last line that tells what ran, what passed and how long.

    python -m tests.run_all

The stages run to their ends in this order: style and types while the live tests' parts are made ready; the tests
without telephony on three workers; the live ones on two. The first stage with a failure is the last.
"""

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

PYTEST = (sys.executable, "-m", "pytest")
QUICK = (*PYTEST, "-n", "3", "-m", "not live")
LIVE = (*PYTEST, "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "-m", "live")
LINT = ("make", "--no-print-directory", "--jobs=2", "lint", "ready-for-tests")


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage came to. `failed` holds the ids of failed tests; `passed` is None for a stage without tests."""

    name: str
    seconds: float
    ok: bool
    passed: int | None = None
    failed: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = "ok" if self.passed is None else f"{self.passed} passed"
        if not self.ok:
            told = "failed" if self.passed is None else f"{told}, {len(self.failed) or 'not finished,'} failed"
        return f"{self.name}: {told} in {spell(self.seconds)}"


def spell(seconds: float) -> str:
    """`3:05`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def run_command(name: str, command: tuple[str, ...]) -> Stage:
    begun = time.monotonic()
    done = subprocess.run(command, check=False)
    return Stage(name, time.monotonic() - begun, done.returncode == 0)


def run_tests(name: str, command: tuple[str, ...]) -> Stage:
    """Runs pytest; its output goes where ours goes."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.xml"
        done = subprocess.run([*command, f"--junitxml={report}"], check=False)
        passed, failed = read_report(report)
    return Stage(name, time.monotonic() - begun, done.returncode == 0, passed, failed)


def read_report(report: Path) -> tuple[int, tuple[str, ...]]:
    """How many tests passed, and which did not; none when pytest left no report."""
    if not report.exists():
        return 0, ()
    cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314 - written by our own pytest
    bad = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    names = {f"{case.get('classname')}::{case.get('name')}" for case in bad}
    return len(cases) - len(bad), tuple(sorted(names))


def main() -> int:
    begun = time.monotonic()
    stages = []
    for stage in (
        lambda: run_command("lint", LINT),
        lambda: run_tests("tests", QUICK),
        lambda: run_tests("live tests", LIVE),
    ):
        stages.append(stage())
        if not stages[-1].ok:
            break
    ok = all(stage.ok for stage in stages)
    print(
        f"make test: {'; '.join(map(str, stages))}; "
        f"{'all passed' if ok else 'FAILED'} in {spell(time.monotonic() - begun)}",
        flush=True,
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())

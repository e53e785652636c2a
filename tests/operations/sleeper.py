"""A program that only sleeps, for a supervisor to watch."""

from pathlib import Path

from callcenter.instance.processes import find_running, recording, start_detached, wait_recorded
from callcenter.operations.supervisor import SupervisedProcess


def sleeper(pid_file: Path) -> SupervisedProcess:
    def start() -> None:
        starter = start_detached(recording(["sleep", "60"], pid_file), log=pid_file.with_suffix(".log"))
        wait_recorded(pid_file, starter)

    return SupervisedProcess("sleeper", lambda: find_running(pid_file), start)

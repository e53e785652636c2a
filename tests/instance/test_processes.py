"""Pid files: a program is found again, and nobody else is taken for it."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.instance.processes import (
    RunningProcess,
    end,
    find_running,
    record_self,
    recording,
    start_detached,
    step_back,
    wait_recorded,
)


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[RunningProcess]:
    starter = start_detached(recording(["sleep", "60"], tmp_path / "pid"), log=tmp_path / "log")
    running = wait_recorded(tmp_path / "pid", starter)
    assert running is not None
    yield running
    end(running, first=signal.SIGKILL)


def test_a_started_program_is_found_and_lives_in_its_own_session(sleeper: RunningProcess, tmp_path: Path) -> None:
    assert find_running(tmp_path / "pid") == sleeper
    assert os.getsid(sleeper.pid) == sleeper.pid != os.getsid(0)
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_a_program_that_is_hurried_before_it_listens_lives(sleeper: RunningProcess) -> None:
    sleeper.send(signal.SIGHUP)
    assert not sleeper.wait(0.3)


def test_a_program_that_steps_back_has_all_of_its_session_do_so(sleeper: RunningProcess) -> None:
    """Where the kernel divides the processor between sessions its own niceness counts only within one."""
    step_back(sleeper, 5)
    assert os.getpriority(os.PRIO_PROCESS, sleeper.pid) == 5
    group = Path(f"/proc/{sleeper.pid}/autogroup")
    assert not group.exists() or group.read_text().split()[2] == "5"


def test_who_has_gone_needs_not_step_back(sleeper: RunningProcess) -> None:
    end(sleeper)
    step_back(sleeper, 5)


def test_an_ended_program_is_not_found(sleeper: RunningProcess, tmp_path: Path) -> None:
    end(sleeper)
    assert not sleeper.alive
    assert find_running(tmp_path / "pid") is None


def test_a_recycled_pid_is_never_trusted(sleeper: RunningProcess, tmp_path: Path) -> None:
    boot, stat = (tmp_path / "pid").read_text().splitlines()
    before, _, after = stat.rpartition(") ")
    fields = after.split()
    fields[19] = str(int(fields[19]) - 1)  # the same pid, started a moment earlier: another program's file
    (tmp_path / "pid").write_text(f"{boot}\n{before}) {' '.join(fields)}\n")
    assert find_running(tmp_path / "pid") is None
    RunningProcess(sleeper.pid, sleeper.started - 1).send(signal.SIGKILL)
    assert sleeper.alive


def test_a_pid_file_from_before_a_reboot_is_never_trusted(sleeper: RunningProcess, tmp_path: Path) -> None:
    _, stat = (tmp_path / "pid").read_text().splitlines()
    (tmp_path / "pid").write_text(f"00000000-0000-0000-0000-000000000000\n{stat}\n")
    assert sleeper.alive
    assert find_running(tmp_path / "pid") is None


def test_a_pid_file_naming_another_users_program_is_no_order_to_end_it(tmp_path: Path) -> None:
    record_self(tmp_path / "pid")
    assert find_running(tmp_path / "pid", uid=os.getuid()) is not None
    assert find_running(tmp_path / "pid", uid=os.getuid() + 1) is None


@pytest.mark.parametrize("text", ["", "rubbish", "1\n2\n", "\n\n\n", "boot\n12 (a b) c) S\n"])
def test_a_spoilt_pid_file_names_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "pid").write_text(text)
    assert find_running(tmp_path / "pid") is None


def test_a_program_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    words = ["/bin/sh", "-c", 'trap "" TERM; echo ready; while :; do sleep 1; done']
    starter = start_detached(recording(words, tmp_path / "pid"), log=tmp_path / "log")
    running = wait_recorded(tmp_path / "pid", starter)
    assert running is not None
    while "ready" not in (tmp_path / "log").read_text():
        time.sleep(0.01)
    end(running, grace=0.3)
    assert not running.alive


def test_a_program_that_cannot_start_leaves_no_pid(tmp_path: Path) -> None:
    starter = start_detached(recording(["/no/such/program"], tmp_path / "pid"), log=tmp_path / "log")
    running = wait_recorded(tmp_path / "pid", starter)
    assert running is None or running.wait(5)
    assert "/no/such/program" in (tmp_path / "log").read_text()


async def test_the_end_of_a_program_is_noticed_at_once(sleeper: RunningProcess) -> None:
    watch = asyncio.ensure_future(sleeper.ended())
    await asyncio.sleep(0.05)
    assert not watch.done()
    sleeper.send(signal.SIGKILL)
    await asyncio.wait_for(watch, 10)

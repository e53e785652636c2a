"""The supervisor brings back what ended, and may itself be killed."""

import asyncio
import os
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.views import open_alarms
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.core.errors import CallcenterError
from callcenter.instance.processes import RunningProcess, end, find_running, recording, start_detached, wait_recorded
from callcenter.layout import Layout
from callcenter.operations.supervisor import AlreadyRuns, SupervisedProcess, Supervisor, alarm_reporter, hold_alone
from tests.operations.sleeper import sleeper


@pytest.fixture
def pid_file(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "sleeper"
    left = find_running(tmp_path / "sleeper")
    if left is not None:
        end(left, first=signal.SIGKILL)


@asynccontextmanager
async def at_work(*charges: SupervisedProcess) -> AsyncIterator[None]:
    watch = asyncio.ensure_future(Supervisor(charges, shortest=0.02, longest=0.2).run())
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.wait([watch])


async def appears(pid_file: Path, *, instead_of: RunningProcess | None = None) -> RunningProcess:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        found = find_running(pid_file)
        if found is not None and found != instead_of:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("nothing was started")


async def test_a_killed_program_is_started_again(pid_file: Path) -> None:
    async with at_work(sleeper(pid_file)):
        first = await appears(pid_file)
        os.kill(first.pid, signal.SIGKILL)
        second = await appears(pid_file, instead_of=first)
    assert second.alive  # it stays when the supervisor leaves


async def test_a_running_program_is_adopted(pid_file: Path) -> None:
    sleeper(pid_file).start()
    before = find_running(pid_file)
    async with at_work(sleeper(pid_file)):
        await asyncio.sleep(0.2)
        assert find_running(pid_file) == before


async def test_a_program_that_does_not_start_is_tried_again_ever_more_slowly(pid_file: Path) -> None:
    tries: list[float] = []

    def refuse() -> None:
        tries.append(time.monotonic())
        raise CallcenterError("not today")

    async with at_work(SupervisedProcess("refuser", lambda: None, refuse), sleeper(pid_file)):
        await asyncio.sleep(1.0)
        await appears(pid_file)  # the others do not suffer
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert 4 <= len(tries) <= 12
    assert waits[0] < 0.1 < waits[-1]


async def test_a_program_that_ends_again_and_again_is_reported_and_hurried_when_mended(pid_file: Path) -> None:
    """The mend is one file: with it the program stays."""
    mended = pid_file.with_name("mended")
    reports: list[tuple[str, int]] = []
    waits_long, settled = asyncio.Event(), asyncio.Event()

    async def report(name: str, ends: int) -> None:
        reports.append((name, ends))
        if ends == 9:  # the next pause lasts for more than five seconds
            waits_long.set()
        if ends == 0:
            settled.set()

    def start() -> None:
        words = ["/bin/sh", "-c", f'test -e "{mended}" && exec sleep 60']
        wait_recorded(pid_file, start_detached(recording(words, pid_file), log=pid_file.with_suffix(".log")))

    charge = SupervisedProcess("fragile", lambda: find_running(pid_file), start, niceness=3)
    supervisor = Supervisor([charge], report=report, shortest=0.02, longest=60.0, calm=0.3)
    watch = asyncio.ensure_future(supervisor.run())
    try:
        await asyncio.wait_for(waits_long.wait(), 20)
        assert [ends for _, ends in reports] == list(range(3, 10))
        mended.touch()
        supervisor.hurry()
        await asyncio.wait_for(settled.wait(), 4)
        assert reports[-1] == ("fragile", 0)
        running = find_running(pid_file)
        assert running is not None
        assert os.getpriority(os.PRIO_PROCESS, running.pid) == 3, "who has settled lets sound go first"
    finally:
        watch.cancel()
        await asyncio.wait([watch])


async def test_the_board_is_told_of_a_program_that_does_not_hold(database: Database, tmp_path: Path) -> None:
    report = alarm_reporter(database, Layout(tmp_path))
    await report("controller", 3)
    await report("controller", 4)
    async with database.begin() as session:
        (alarm,) = await open_alarms(session, DEFAULT_COMPANY_ID)
        assert (alarm.kind, alarm.subject) == (AlarmKind.TELEPHONY, "controller")
        assert "controller.log" in alarm.message
    await report("controller", 0)
    async with database.begin() as session:
        assert not await open_alarms(session, DEFAULT_COMPANY_ID)


async def test_no_board_no_matter(tmp_path: Path) -> None:
    away = Database(f"postgresql+psycopg://nobody@/nothing?host={tmp_path}&port=1")
    await alarm_reporter(away, Layout(tmp_path))("postgres", 3)
    await away.close()


def test_a_supervisor_killed_outright_takes_nothing_with_it(tmp_path: Path, pid_file: Path) -> None:
    """A real supervisor in a process of its own, ended by SIGKILL, and a second one after it."""
    script = textwrap.dedent(
        """
        import asyncio, sys
        from pathlib import Path
        from tests.operations.sleeper import sleeper
        from callcenter.operations.supervisor import Supervisor
        asyncio.run(Supervisor([sleeper(Path(sys.argv[1]))], shortest=0.02).run())
        """
    )
    tree = str(Path(__file__).resolve().parents[2])

    def begin(name: str) -> RunningProcess:
        words = [sys.executable, "-c", script, str(pid_file)]
        starter = start_detached(
            recording(words, tmp_path / name), log=tmp_path / "log", environment=os.environ | {"PYTHONPATH": tree}
        )
        running = wait_recorded(tmp_path / name, starter)
        assert running is not None, (tmp_path / "log").read_text()
        return running

    def wait_for(different_from: RunningProcess | None) -> RunningProcess:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            now = find_running(pid_file)
            if now is not None and now != different_from:
                return now
            time.sleep(0.02)
        raise AssertionError((tmp_path / "log").read_text())

    first = begin("first")
    child = wait_for(None)
    first.send(signal.SIGKILL)
    assert first.wait(5)
    assert child.alive

    second = begin("second")
    try:
        time.sleep(1.0)
        assert find_running(pid_file) == child  # adopted, not doubled
        child.send(signal.SIGKILL)
        assert wait_for(child).alive
    finally:
        end(second, first=signal.SIGKILL)


def test_only_one_watches_an_instance(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.pid_directory.mkdir()
    with hold_alone(layout, "supervisor"):
        running = find_running(layout.pid_directory / "supervisor")
        assert running is not None
        assert running.pid == os.getpid()
        with pytest.raises(AlreadyRuns, match=r"run supervisor"), hold_alone(layout, "supervisor"):
            pass
    with hold_alone(layout, "supervisor"):
        pass

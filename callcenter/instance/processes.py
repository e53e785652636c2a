"""Starts programs that outlive their starter, in their own sessions; finds them by pid file, and ends them.

A pid alone does not identify a process: after a reboot or a few hours, another process may have it. So a pid file holds
the boot id and the program's line of `/proc/PID/stat`, which contains its start time. A shell writes the file and then
executes the program with the same pid, so the program never runs without its pid file.
"""

import asyncio
import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from callcenter.core.errors import CallcenterError

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_RECORD = (
    "trap '' HUP; read -r boot </proc/sys/kernel/random/boot_id; read -r stat </proc/$$/stat; "
    'printf "%s\\n%s\\n" "$boot" "$stat" >"$0.new" && mv -f "$0.new" "$0" || exit 120; exec "$@"'
)


class ProcessNotEnding(CallcenterError):
    """A process does not end, not even after SIGKILL."""


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A process, identified by its pid and its start time in clock ticks since boot."""

    pid: int
    started: int

    @property
    def alive(self) -> bool:
        return _start_of(self.pid) == self.started

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to exactly this process; does nothing when it has ended."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.alive:  # checked after pidfd_open: a reused pid gets no signal
                signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(descriptor)

    def wait(self, seconds: float) -> bool:
        """Waits up to `seconds`; returns whether the process has ended. It need not be a child of ours."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            deadline = time.monotonic() + seconds
            while self.alive:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                poll.poll(left * 1000)
                reap(self.pid)
            return True
        finally:
            os.close(descriptor)

    async def ended(self) -> None:
        """Waits until the process has ended."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        loop.add_reader(descriptor, gone.set)
        try:
            if self.alive:
                await gone.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        reap(self.pid)


def recording(words: Sequence[str], pid_file: Path) -> list[str]:
    """Returns the command that writes `pid_file` and then executes `words` with the same pid.

    SIGHUP, which makes some programs reload files or retry, is ignored until the program installs its handler: the
    signal may arrive as soon as the pid file exists.
    """
    return ["/bin/sh", "-c", _RECORD, str(pid_file), *words]


def start_detached(words: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None) -> int:
    """Starts a program in its own session without a terminal; appends its output to `log` (0600). Returns its pid.

    `environment` replaces the whole environment; None: ours. The program outlives this process. Raises OSError when it
    cannot be started.
    """
    return os.posix_spawnp(
        words[0],
        list(words),
        dict(environment if environment is not None else os.environ),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigmask=[],
        setsigdef=[signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP],  # Python ignores SIGPIPE
    )


def find_running(pid_file: Path, *, uid: int | None = None) -> RunningProcess | None:
    """Returns the live process of a pid file; None when it has ended, was never started, or its pid is reused.

    With `uid`, the process must belong to that user: an unprivileged program can write its pid file, and must not make
    root kill another process.
    """
    try:
        boot, stat = pid_file.read_text(encoding="utf-8").splitlines()[:2]
        pid, started = _parse(stat)
        if boot != _BOOT_ID.read_text(encoding="ascii").strip() or _start_of(pid) != started:
            return None
        if uid is not None and Path(f"/proc/{pid}").stat().st_uid != uid:
            return None
    except (OSError, ValueError, IndexError):
        return None
    return RunningProcess(pid, started)


def find_in_directory(directory: Path, *, program: str) -> list[RunningProcess]:
    """Live processes of the executable `program` with the working directory `directory`, of any user we may inspect."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink() == directory:
                started = _start_of(int(entry.name))
                if started is not None and (entry / "exe").readlink().name == program:
                    found.append(RunningProcess(int(entry.name), started))
        except OSError:  # ended meanwhile, or another user's
            continue
    return found


def from_earlier_boot(pid_file: Path) -> bool:
    """Whether the pid file was written before the last boot; False when it cannot be read."""
    try:
        boot = pid_file.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, ValueError, IndexError):
        return False
    return boot != _BOOT_ID.read_text(encoding="ascii").strip()


def wait_recorded(
    pid_file: Path, starter: int, *, seconds: float = 5.0, uid: int | None = None
) -> RunningProcess | None:
    """Waits for the pid file that the process `starter` writes; None when `starter` ends or `seconds` pass before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = find_running(pid_file, uid=uid)
        if found is not None:
            return found
        reap(starter)
        if _start_of(starter) is None:
            return find_running(pid_file, uid=uid)
        time.sleep(0.01)
    return None


def step_back(running: RunningProcess, niceness: int) -> None:
    """Lowers the CPU priority of a process and its session; `niceness` is 0 to 19.

    With autogroups, Linux divides CPU time between sessions first and by niceness only within a session. Not every
    kernel has autogroups, so both values are set.
    """
    with contextlib.suppress(OSError):
        Path(f"/proc/{running.pid}/autogroup").write_text(f"{niceness}\n", encoding="ascii")
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{running.pid}/task").iterdir():
            os.setpriority(os.PRIO_PROCESS, int(thread.name), niceness)


def record_self(pid_file: Path) -> None:
    """Writes the pid file of the current process."""
    fresh = pid_file.with_name(f"{pid_file.name}.new")
    stat = Path("/proc/self/stat").read_text(encoding="utf-8")
    fresh.write_text(f"{_BOOT_ID.read_text(encoding='ascii').strip()}\n{stat.rstrip()}\n", encoding="utf-8")
    fresh.replace(pid_file)


def end(running: RunningProcess, *, first: signal.Signals = signal.SIGTERM, grace: float = 10.0) -> None:
    """Ends a process: sends `first`, and SIGKILL after `grace` seconds. Raises ProcessNotEnding 5 s after SIGKILL."""
    running.send(first)
    if running.wait(grace):
        return
    running.send(signal.SIGKILL)
    if not running.wait(5.0):
        raise ProcessNotEnding(f"process {running.pid} does not end, not even by SIGKILL")


def reap(pid: int) -> None:
    """Removes an ended child from the process table; does nothing for other processes."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def last_lines(log: Path, count: int = 15) -> str:
    """The last `count` lines of a log, for an error message; empty without the file."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""


def run_quietly(words: Sequence[str], *, seconds: float = 120.0) -> subprocess.CompletedProcess[str]:
    """Runs a short command and captures its output as text. A non-zero exit code does not raise.

    Raises subprocess.TimeoutExpired after `seconds`.
    """
    return subprocess.run(list(words), capture_output=True, text=True, timeout=seconds, check=False, cwd="/")


def _start_of(pid: int) -> int | None:
    """Start time of a live process in clock ticks since boot; None when it has ended or is a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    if stat.rpartition(")")[2].split()[0] in {"Z", "X"}:
        return None
    return _parse(stat)[1]


def _parse(stat: str) -> tuple[int, int]:
    """Pid and start time (field 22) of a line of /proc/PID/stat; the name in parentheses may contain any character."""
    before, _, after = stat.rpartition(")")
    return int(before.split(" ", 1)[0]), int(after.split()[19])

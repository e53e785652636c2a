"""Programs that outlive whoever started them: begun in their own session, found again by a pid file, ended by pid.

A pid alone proves nothing: after a reboot or a few hours it may belong to somebody else. So the pid file
holds the machine's boot id and the program's line of `/proc/PID/stat` with its start time, written by the
program's own shell before it becomes the program; no moment exists in which it runs unrecorded.
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
    """A program does not end, not even by SIGKILL."""


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A live program: its pid and the moment it started, in clock ticks since boot."""

    pid: int
    started: int

    @property
    def alive(self) -> bool:
        return _start_of(self.pid) == self.started

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to this very program; silently nothing when it is gone."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.alive:  # asked while the pidfd is held: the pid cannot be recycled under our hands
                signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(descriptor)

    def wait(self, seconds: float) -> bool:
        """Whether it ended within `seconds`; works for other people's children too."""
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
        """Returns when the program has ended."""
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
    """The command that writes `pid_file` and then becomes `words`, keeping the process id.

    SIGHUP, by which programs are hurried or read their files anew, does nothing until the program listens: whoever
    finds the pid file may send it before.
    """
    return ["/bin/sh", "-c", _RECORD, str(pid_file), *words]


def start_detached(words: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None) -> int:
    """Starts a program in its own session, with no terminal, its output appended to `log` (0600); returns its pid.

    The environment is handed over whole. The program stays when we go. Raises OSError when it cannot be started.
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
    """The live program of a pid file, or None when it has ended, was never started or its pid is another's now.

    With `uid` it must belong to that user: a pid file written by an unprivileged program is no order to
    root to kill whatever it names.
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
    """Live programs of that name whose working directory this is, whoever started them."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink() == directory:
                started = _start_of(int(entry.name))
                if started is not None and (entry / "exe").readlink().name == program:
                    found.append(RunningProcess(int(entry.name), started))
        except OSError:  # it has ended meanwhile, or is another user's
            continue
    return found


def from_earlier_boot(pid_file: Path) -> bool:
    """Whether the pid file was written before the machine last started."""
    try:
        boot = pid_file.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, ValueError, IndexError):
        return False
    return boot != _BOOT_ID.read_text(encoding="ascii").strip()


def wait_recorded(
    pid_file: Path, starter: int, *, seconds: float = 5.0, uid: int | None = None
) -> RunningProcess | None:
    """The program whose pid file is about to be written by the process `starter`; None when that one ended first."""
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
    """Lets other programs go before this one, and all of its session, where many want the processor: 0 to 19.

    Linux divides it between sessions at first and only then by niceness; not every kernel does, hence both.
    """
    with contextlib.suppress(OSError):
        Path(f"/proc/{running.pid}/autogroup").write_text(f"{niceness}\n", encoding="ascii")
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{running.pid}/task").iterdir():
            os.setpriority(os.PRIO_PROCESS, int(thread.name), niceness)


def record_self(pid_file: Path) -> None:
    """Writes the pid file of the process we are."""
    fresh = pid_file.with_name(f"{pid_file.name}.new")
    stat = Path("/proc/self/stat").read_text(encoding="utf-8")
    fresh.write_text(f"{_BOOT_ID.read_text(encoding='ascii').strip()}\n{stat.rstrip()}\n", encoding="utf-8")
    fresh.replace(pid_file)


def end(running: RunningProcess, *, first: signal.Signals = signal.SIGTERM, grace: float = 10.0) -> None:
    """Ends a program: `first`, then SIGKILL after `grace` seconds. Raises ProcessNotEnding when it survives both."""
    running.send(first)
    if running.wait(grace):
        return
    running.send(signal.SIGKILL)
    if not running.wait(5.0):
        raise ProcessNotEnding(f"process {running.pid} does not end, not even by SIGKILL")


def reap(pid: int) -> None:
    """Takes a dead child out of the process table; nothing when it is not ours or not dead."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, for an error message."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""


def run_quietly(words: Sequence[str], *, seconds: float = 120.0) -> subprocess.CompletedProcess[str]:
    """Runs a short command to its end, its output kept as text. Does not raise on a non-zero exit."""
    return subprocess.run(list(words), capture_output=True, text=True, timeout=seconds, check=False, cwd="/")


def _start_of(pid: int) -> int | None:
    """The start time of a live program; a zombie counts as ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    if stat.rpartition(")")[2].split()[0] in {"Z", "X"}:
        return None
    return _parse(stat)[1]


def _parse(stat: str) -> tuple[int, int]:
    """Pid and start time (field 22) of a line of /proc/PID/stat; the name in brackets may hold anything."""
    before, _, after = stat.rpartition(")")
    return int(before.split(" ", 1)[0]), int(after.split()[19])

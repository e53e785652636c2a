"""Faults that happen, done to the running programs of one centre by their pids. None needs a change of the programs.

They work for root in a container and for an ordinary user on a plain machine; `silence_link` there only where one may
look into one's own programs (kernel.yama.ptrace_scope = 0).
"""

import contextlib
import ctypes
import os
import signal
import socket
import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from callcenter.instance.processes import RunningProcess, find_in_directory, run_quietly
from tests.live.running_centre import RunningCentre

_PIDFD_GETFD = 438
"""The same number on every architecture; Python has no name for it."""
_SO_ATTACH_FILTER = 26
_BPF_RETURN = 0x06
_ROOM = 4096


def postgres_of(centre: RunningCentre) -> list[RunningProcess]:
    """PostgreSQL with all its backends."""
    return find_in_directory(centre.layout.postgres_data.resolve(), program="postgres")


@contextmanager
def frozen(*programs: RunningProcess) -> Iterator[None]:
    """They stand still meanwhile: alive, every connection open, no answer."""
    for program in programs:
        program.send(signal.SIGSTOP)
    try:
        yield
    finally:
        for program in programs:
            program.send(signal.SIGCONT)


@contextmanager
def without_room(program: RunningProcess) -> Iterator[None]:
    """The disk is full for this program: no file of its can grow past what almost every file has already."""
    _limit_files(program, str(_ROOM))
    try:
        yield
    finally:
        if program.alive:
            _limit_files(program, "unlimited")


def silence_link(program: RunningProcess, port: int) -> int:
    """The program's TCP connections to a port of this machine go silent without being closed; how many there were.

    Whatever comes in is thrown away by the kernel before the program's side sees it, acknowledgements too; new
    connections are sound.
    """
    drop_everything = ctypes.create_string_buffer(struct.pack("HBBI", _BPF_RETURN, 0, 0, 0))
    silencer = struct.pack("HxxxxxxP", 1, ctypes.addressof(drop_everything))
    wanted = _inodes_of_connections(port)
    silenced = 0
    for entry in Path(f"/proc/{program.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if entry.readlink().name in wanted:
                with _borrow(program, int(entry.name)) as line:
                    line.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, silencer)
                silenced += 1
    return silenced


@contextmanager
def _borrow(program: RunningProcess, number: int) -> Iterator[socket.socket]:
    """A second handle of another program's socket. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    process = os.pidfd_open(program.pid)
    try:
        borrowed = libc.syscall(_PIDFD_GETFD, process, number, 0)
        if borrowed < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(process)
    with socket.socket(fileno=borrowed) as line:
        yield line


def _limit_files(program: RunningProcess, size: str) -> None:
    """As the user whose program it is: root in a container may not limit another user's."""
    owner = Path(f"/proc/{program.pid}").stat()
    words = ["prlimit", f"--pid={program.pid}", f"--fsize={size}:"]
    if owner.st_uid != os.geteuid():
        words = ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups", *words]
    limited = run_quietly(words)
    assert limited.returncode == 0, limited.stderr


def _inodes_of_connections(port: int) -> Collection[str]:
    """Names, as /proc/PID/fd has them, of this machine's sockets that are connected to a port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return {f"socket:[{row[9]}]" for row in rows if int(row[2].rpartition(":")[2], 16) == port}

"""A running Asterisk: find it, talk to its console, stop it. Needs the instance's paths only, no valid settings."""

import fcntl
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from callcenter.asterisk.launch_methods import AsteriskLaunchFailed
from callcenter.instance.processes import RunningProcess, end, find_running, reap
from callcenter.instance.service_user import service_user
from callcenter.layout import Layout


class AsteriskProcess:
    """The Asterisk process of an instance, whoever started it."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._user = service_user()
        self._starter: int | None = None
        """The wrapper around Asterisk, when this process has started it."""
        self.pid_file = layout.asterisk / "run" / "launch.pid"
        self.control_socket = layout.asterisk / "run" / "asterisk.ctl"

    def running(self) -> RunningProcess | None:
        """Returns the live Asterisk of this instance, no matter which process started it; None when there is none."""
        if self._starter is not None:  # the wrapper around Asterisk is a child of this process and ends after Asterisk
            reap(self._starter)
        return find_running(self.pid_file, uid=self._user.uid)

    def stop(self, *, grace: float = 15.0) -> None:
        """Stops Asterisk and ends the calls in progress; does nothing when Asterisk is not running.

        SIGKILL follows `grace` seconds after SIGTERM. Raises ProcessNotEnding when Asterisk survives both.
        """
        with self._alone():
            running = self.running()
            if running is not None:
                end(running, first=signal.SIGTERM, grace=grace)

    def run_cli(self, command: str) -> str:
        """Returns the output of a console command. Raises AsteriskLaunchFailed when the console does not answer.

        Uses the control socket in the instance's directory, because `asterisk -rx` would have to run in Asterisk's
        mount namespace.
        """
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(30.0)
                line.connect(str(self.control_socket))
                line.recv(256)  # the console's greeting: host/pid/version
                line.sendall(f"cli quit after {command}".encode() + b"\0")
                parts = []
                while part := line.recv(65536):
                    parts.append(part)
        except OSError as error:
            raise AsteriskLaunchFailed(
                f"Asterisk's console at {self.control_socket} does not answer: {error}"
            ) from error
        # Asterisk marks console log lines with a level byte (0x80 and above) at the start or a NUL at the end.
        return re.sub(rb"[\x00\x7f-\x8f]", b"", b"".join(parts)).decode("utf-8", errors="replace").strip("\n")

    def count_calls(self) -> int:
        """Returns the number of calls in progress."""
        found = re.search(r"(\d+) active call", self.run_cli("core show channels count"))
        return int(found.group(1)) if found else 0

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Holds the lock file that keeps two processes from starting Asterisk at once."""
        with (self._layout.pid_directory / "asterisk.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

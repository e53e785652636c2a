"""Controls the instance's Asterisk process: start, adoption, reload, console commands, stop.

`launch_methods` decides how the process is run.
"""

import base64
import json
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callcenter.asterisk.configuration import write_configuration
from callcenter.asterisk.launch_methods import LAUNCH_METHODS, AsteriskLaunchFailed, LaunchMethod, choose_launch_method
from callcenter.asterisk.process import AsteriskProcess
from callcenter.core.ids import call_id_prefix
from callcenter.core.progress import Progress
from callcenter.instance.instance import Instance, describe_port_conflict, suggest_port_change
from callcenter.instance.processes import (
    end,
    last_lines,
    recording,
    start_detached,
    wait_recorded,
)

ARI_USER = "callcenter"
_START_SECONDS = 30.0
"""Time limit from the start of Asterisk until ARI answers."""
_LET_GO_SECONDS = 2.0
"""How long to wait for occupied ports: a killed Asterisk counts as ended just before its last threads release them."""


@dataclass(frozen=True, slots=True)
class BootParameters:
    """Values in the rendered configuration that depend on the start of Asterisk.

    `system_name` contains the number of the start (`b17`), so that channel ids never repeat.
    """

    data_directory: Path
    module_directory: Path
    system_name: str


Configure = Callable[[Instance, BootParameters], list[str]]
"""Writes the configuration files for a start; returns the names of the files that changed."""


def write_rendered(instance: Instance, boot: BootParameters) -> list[str]:
    """The default Configure: renders the templates of `asterisk_conf/`."""
    return write_configuration(
        instance.settings,
        instance.layout,
        instance.ports,
        instance.secrets,
        data_directory=boot.data_directory,
        module_directory=boot.module_directory,
        system_name=boot.system_name,
    )


class Asterisk(AsteriskProcess):
    """The Asterisk of one instance with all that starting it needs.

    `die_with_parent` ends Asterisk together with the thread that started it: for tests only, never in production.
    `configure` writes the configuration files before each start; `ways` restricts the launch methods.
    """

    def __init__(
        self,
        instance: Instance,
        *,
        configure: Configure = write_rendered,
        die_with_parent: bool = False,
        ways: tuple[str, ...] = LAUNCH_METHODS,
        progress: Progress = print,
    ) -> None:
        super().__init__(instance.layout)
        self._instance = instance
        self._configure = configure
        self._die_with_parent = die_with_parent
        self._ways = ways
        self._progress = progress
        self.log = self._layout.log_directory / "asterisk.log"
        self.record_file = self._layout.home / "asterisk.json"

    def ensure_running(self) -> bool:
        """Starts Asterisk unless it is running; returns when ARI answers.

        Returns True when Asterisk was started, False when a running one was adopted. Raises AsteriskLaunchFailed with
        the end of Asterisk's log.
        """
        with self._alone():
            if self.running() is not None:
                self._await_ready()
                return False
            self._start()
            return True

    def refresh(self) -> list[str]:
        """Renders the configuration for the running Asterisk, reloads it when files changed, and returns their names.

        Does nothing when Asterisk is not running. Calls in progress continue. Asterisk reads ports and transports only
        at a start. Raises AsteriskLaunchFailed when the record of the last start is unreadable.
        """
        with self._alone():
            if self.running() is None:
                return []
            try:
                record = json.loads(self.record_file.read_text(encoding="utf-8"))
                boot = BootParameters(self._layout.sounds.parent, Path(record["modules"]), record["boot"])
            except (OSError, ValueError, KeyError) as error:
                raise AsteriskLaunchFailed(f"{self.record_file}: {error}; stop the centre and run it again") from error
            changed = self._configure(self._instance, boot)
            if record.get("sip") != self._sip:
                self._progress(
                    f"Asterisk: ВНИМАНИЕ: SIP остаётся на {record.get('sip')}, на {self._sip} он перейдёт со "
                    "следующим запуском: make stop, make run"
                )
            if changed:
                self._user.own_tree(self._layout.asterisk_etc)
                self.run_cli("core reload")
            return changed

    def choose(self) -> LaunchMethod:
        """Returns the first launch method that works, after a trial; builds the Debian root when needed and missing.

        Raises AsteriskLaunchFailed when none works.
        """
        return choose_launch_method(self._layout, self._user, progress=self._progress, allowed=self._ways)

    def describe(self) -> str:
        """Version and launch method of the last start, e.g. `22.10.1+dfsg (bubblewrap)`; empty before the first one."""
        try:
            record = json.loads(self.record_file.read_text(encoding="utf-8"))
            return f"{record['version']} ({record['way']})"
        except (OSError, ValueError, KeyError):
            return ""

    def serves(self, application: str) -> bool:
        """Whether a controller is connected to ARI as this application."""
        return not self._ask(f"applications/{application}")

    @property
    def _sip(self) -> str:
        return f"{self._instance.settings.telephony.bind_address}:{self._instance.ports.sip}"

    def _check_ports(self) -> None:
        """Raises AsteriskLaunchFailed for an occupied port: Asterisk would only log it and run without SIP."""
        ports = self._instance.ports
        wanted = (
            (str(self._instance.settings.telephony.bind_address), ports.sip, socket.SOCK_DGRAM),
            ("127.0.0.1", ports.asterisk_http, socket.SOCK_STREAM),
            ("127.0.0.1", ports.ami, socket.SOCK_STREAM),
        )
        deadline = time.monotonic() + _LET_GO_SECONDS
        while complaints := [complaint for one in wanted if (complaint := describe_port_conflict(*one))]:
            if time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            raise AsteriskLaunchFailed(
                "\n  ".join(["Asterisk cannot listen:", *complaints, suggest_port_change(self._layout)])
            )

    def _start(self) -> None:
        self._check_ports()
        way = self.choose()
        if not way.tested:
            self._progress(f"Asterisk: ВНИМАНИЕ: версия {way.version} с этим центром не проверена")
        boot = BootParameters(
            data_directory=self._layout.sounds.parent,
            module_directory=way.module_directory,
            system_name=f"{call_id_prefix(self._instance.settings.node_id)}b{self._next_boot()}",
        )
        way.link_data(self._layout)
        self._configure(self._instance, boot)
        self._user.own_tree(self._layout.asterisk_etc)
        self._record(way, boot)
        self.pid_file.unlink(missing_ok=True)
        words = [*way.program, "-f", "-C", str(self._layout.asterisk_etc / "asterisk.conf")]
        # The pid file is written inside the wrapper, by the shell that then becomes Asterisk.
        command = ["env", "--chdir=/", *way.wrap(recording(words, self.pid_file), self._die_with_parent)]
        self._starter = start_detached(command, log=self.log, environment=_environment())
        if wait_recorded(self.pid_file, self._starter, seconds=10.0, uid=self._user.uid) is None:
            raise AsteriskLaunchFailed(f"Asterisk did not start ({way.name}); {self.log}:\n{last_lines(self.log)}")
        try:
            self._await_ready()
        except AsteriskLaunchFailed:
            running = self.running()
            if running is not None:  # the next start would adopt this Asterisk, which is not ready
                end(running, grace=2.0)
            raise
        self._progress(f"Asterisk: работает {way.version} ({way.name}), запуск {boot.system_name}")

    def _await_ready(self) -> None:
        """Waits until all modules are loaded and ARI accepts this instance's password, as no other Asterisk would.

        Raises AsteriskLaunchFailed when Asterisk ends or ARI does not answer.
        """
        deadline = time.monotonic() + _START_SECONDS
        complaint = "its console does not answer"
        while time.monotonic() < deadline:
            running = self.running()
            if running is None or not running.alive:
                raise AsteriskLaunchFailed(f"Asterisk ended while starting; {self.log}:\n{last_lines(self.log)}")
            if not self._booted():
                time.sleep(0.03)
                continue
            complaint = self._ask("asterisk/ping")
            if not complaint:
                return
            break
        port = self._instance.ports.asterisk_http
        logged = last_lines(self._layout.asterisk_logs / "messages.log")
        raise AsteriskLaunchFailed(f"Asterisk runs, but ARI does not answer on port {port}: {complaint}\n{logged}")

    def _booted(self) -> bool:
        """Waits until all modules are loaded; False when the console is not available yet or no longer."""
        try:
            return "fully booted" in self.run_cli("core waitfullybooted")
        except AsteriskLaunchFailed:
            return False

    def _ask(self, path: str) -> str:
        """Sends GET `path` to ARI; returns an empty string for status 200, else the error message."""
        word = base64.b64encode(f"{ARI_USER}:{self._instance.secrets.ari_password}".encode()).decode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._instance.ports.asterisk_http}/ari/{path}",
            headers={"Authorization": f"Basic {word}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=5.0) as answer:  # noqa: S310 - loopback address, http only
                answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return str(error)
        except OSError as error:
            return str(error)
        return ""

    def _next_boot(self) -> int:
        """Returns the number of this start. It is synced to disk before use, so that no two starts share a number."""
        file = self._layout.home / "boots"
        try:
            number = int(file.read_text(encoding="ascii")) + 1
        except FileNotFoundError:
            number = 1
        fresh = file.with_suffix(".new")
        with fresh.open("w", encoding="ascii") as out:
            out.write(f"{number}\n")
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
        return number

    def _record(self, way: LaunchMethod, boot: BootParameters) -> None:
        fresh = self.record_file.with_suffix(".new")
        record = {"version": way.version, "tested": way.tested, "way": way.name, "boot": boot.system_name}
        record |= {"modules": str(way.module_directory), "sip": self._sip}
        fresh.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        fresh.replace(self.record_file)


def _environment() -> dict[str, str]:
    """A minimal environment, so that no variable of this process, such as a password, leaks into Asterisk."""
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/", "TERM": "dumb"}

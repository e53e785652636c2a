"""The instance's private PostgreSQL cluster: own data directory, UNIX socket, no TCP; never the machine's cluster."""

import fcntl
import os
import pwd
import re
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import psycopg.sql

from callcenter.core.errors import CallcenterError
from callcenter.instance.processes import (
    RunningProcess,
    end,
    find_in_directory,
    find_running,
    from_earlier_boot,
    last_lines,
    reap,
    recording,
    run_quietly,
    start_detached,
)
from callcenter.instance.service_user import ServiceUser, service_user
from callcenter.layout import Layout, Ports

ROLE = "callcenter"
OLDEST_MAJOR = 15
_DEBIAN = Path("/usr/lib/postgresql")
_LONGEST_SOCKET = 100
"""Bytes; the path of the socket must be shorter. Linux allows 107."""


class PostgresUnavailable(CallcenterError):
    """PostgreSQL cannot be used."""


class PostgresProcess:
    """A running cluster: find it, stop it. Needs the instance's paths only, no ports."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.pid_file = layout.pid_directory / "postgres"

    def running(self) -> RunningProcess | None:
        """The live postmaster, whoever started it."""
        return find_running(self.pid_file)

    def stop(self) -> None:
        """Stops the cluster; open connections are ended, nothing committed is lost. Nothing when it is not running."""
        with self._alone():
            running = self.running()
            if running is not None:  # SIGINT is PostgreSQL's fast shutdown; SIGKILL would leave a recovery behind
                end(running, first=signal.SIGINT, grace=60.0)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two starters at once must not both start it."""
        with (self._layout.pid_directory / "postgres.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class PostgresCluster(PostgresProcess):
    """A private cluster in `layout.postgres_data`, reached through a socket in `layout.socket_directory`.

    `durable=False` switches fsync off, for tests: a crash of the machine may then lose data.
    """

    def __init__(self, layout: Layout, ports: Ports, *, durable: bool = True) -> None:
        super().__init__(layout)
        self._ports = ports
        self._durable = durable
        self._starter: int | None = None
        self.log = layout.log_directory / "postgres.log"

    @property
    def major(self) -> int | None:
        """Major version that created the data directory; None before the first start."""
        try:
            return int((self._layout.postgres_data / "PG_VERSION").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None

    def ensure_running(self) -> None:
        """Adopts a running cluster, starts a stopped one, or creates a missing one; returns when the cluster answers.

        Raises PostgresUnavailable; its message names the remedy.
        """
        self._check_socket()
        with self._alone():
            user = service_user()
            if self.running() is None:
                if self._starter is not None:
                    reap(self._starter)  # PostgreSQL's lock takes a zombie for a live owner
                self._initialise(user)
                self._start(user)
            self._await_answer()

    def address(self, database: str = "callcenter") -> str:
        """SQLAlchemy URL of a database of this cluster, over the socket."""
        return (
            f"postgresql+psycopg://{ROLE}@/{quote(database)}"
            f"?host={quote(str(self._layout.socket_directory), safe='')}&port={self._ports.postgres}"
        )

    def create_database(self, name: str) -> bool:
        """Creates an empty database unless it exists; returns True when it was created."""
        with self._connect() as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return True

    def drop_database(self, name: str) -> None:
        """Drops a database and ends its connections; does nothing when it does not exist."""
        with self._connect() as connection:
            connection.execute(
                psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(psycopg.sql.Identifier(name))
            )

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self._layout.socket_directory),
            port=self._ports.postgres,
            user=ROLE,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _check_socket(self) -> None:
        socket = self._layout.socket_directory / f".s.PGSQL.{self._ports.postgres}"
        length = len(os.fsencode(socket))
        if length >= _LONGEST_SOCKET:
            raise PostgresUnavailable(
                f"{socket}: a socket's path may have {_LONGEST_SOCKET - 1} bytes, this one has {length}; "
                "set CALLCENTER_HOME to a shorter directory, such as /var/lib/callcenter/one"
            )

    def _initialise(self, user: ServiceUser) -> None:
        """Creates the data directory under a temporary name: an interrupted initdb must not look like a cluster."""
        data = self._layout.postgres_data
        if (data / "PG_VERSION").exists():
            return
        if data.exists() and any(data.iterdir()):
            raise PostgresUnavailable(f"{data}: not a PostgreSQL data directory, and not empty; move it away")
        making = data.with_name(f"{data.name}.making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        user.own(making)
        made = run_quietly(
            user.command(
                [
                    str(self._binaries() / "initdb"), "--pgdata", str(making), "--username", ROLE,
                    "--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=peer", "--auth-host=reject",
                    *([] if self._durable else ["--no-sync"]),
                ]
            )
        )  # fmt: skip
        if made.returncode != 0:
            raise PostgresUnavailable(f"initdb failed:\n{made.stdout}{made.stderr}".rstrip())
        starter = pwd.getpwuid(os.geteuid()).pw_name
        names = sorted({starter, user.name})
        for file, text in (
            ("pg_hba.conf", f"local all {ROLE} peer map=centre\n"),
            ("pg_ident.conf", "".join(f'centre "{name}" {ROLE}\n' for name in names)),
        ):
            (making / file).write_text(f"# Written by callcenter set-up.\n{text}", encoding="utf-8")
        if data.exists():
            data.rmdir()
        making.rename(data)

    def _end_orphans(self) -> None:
        """Ends the backends that a killed postmaster left behind; their queries are lost in any case.

        A backend in the middle of a query does not notice the loss of its postmaster, and PostgreSQL does not start
        while a backend uses the old shared memory.
        """
        for orphan in find_in_directory(self._layout.postgres_data.resolve(), program="postgres"):
            end(orphan, first=signal.SIGQUIT, grace=1.0)

    def _start(self, user: ServiceUser) -> None:
        self._end_orphans()
        if from_earlier_boot(self.pid_file):
            # PostgreSQL's lock files hold a pid only. After a reboot another program of the same user, Asterisk for
            # instance, may have this pid, and PostgreSQL would refuse to start. The files are stale in any case.
            (self._layout.postgres_data / "postmaster.pid").unlink(missing_ok=True)
            for lock in self._layout.socket_directory.glob(".s.PGSQL.*"):
                lock.unlink(missing_ok=True)
        options = {
            "listen_addresses": "",
            "port": str(self._ports.postgres),
            "unix_socket_directories": str(self._layout.socket_directory),
            "unix_socket_permissions": "0700",
            "cluster_name": self._layout.home.name,
            "log_line_prefix": "%m [%p] ",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self._durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        words = [str(self._binaries() / "postgres"), "-D", str(self._layout.postgres_data)]
        for name, setting in options.items():
            words += ["-c", f"{name}={setting}"]
        # PostgreSQL needs a working directory that its user may enter. C.UTF-8 exists on every Debian.
        words = ["env", "--chdir=/", "LC_ALL=C.UTF-8", *words]
        self._starter = start_detached(recording(user.command(words), self.pid_file), log=self.log)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + 60.0
        while True:
            try:
                self._connect().close()
            except psycopg.OperationalError as error:
                if self._starter is not None:
                    reap(self._starter)
                if self.running() is None and time.monotonic() > deadline - 59.0:
                    raise PostgresUnavailable(
                        f"PostgreSQL did not start; {self.log}:\n{last_lines(self.log)}"
                    ) from error
                if time.monotonic() > deadline:
                    raise PostgresUnavailable(
                        f"PostgreSQL runs but does not answer; callcenter stop ends it. {error}"
                    ) from error
                time.sleep(0.05)
            else:
                return

    def _binaries(self) -> Path:
        """Directory of PostgreSQL's programs, of the version that created the data, else of the default version."""
        installed = {
            int(path.name): path / "bin"
            for path in _DEBIAN.glob("*")
            if re.fullmatch(r"\d+", path.name) and (path / "bin" / "postgres").exists()
        }
        if not installed:
            raise PostgresUnavailable(
                "PostgreSQL is not installed; run deploy/bootstrap.sh, or apt-get install postgresql"
            )
        made_with = self.major
        if made_with is not None:
            if made_with not in installed:
                raise PostgresUnavailable(
                    f"{self._layout.postgres_data} was made by PostgreSQL {made_with}, which is gone: "
                    f"apt-get install postgresql-{made_with}, then follow docs/operations.md, «PostgreSQL upgrade»"
                )
            return installed[made_with]
        fit = [major for major in installed if major >= OLDEST_MAJOR]
        if not fit:
            raise PostgresUnavailable(f"PostgreSQL {max(installed)} is too old; install {OLDEST_MAJOR} or later")
        default = _default_major()
        return installed[default if default in fit else max(fit)]


def _default_major() -> int | None:
    """Major version that the distribution's package `postgresql` depends on; None when it is unknown."""
    try:
        asked = run_quietly(["dpkg-query", "--show", "--showformat=${Depends}", "postgresql"])
    except FileNotFoundError:
        return None
    found = re.search(r"postgresql-(\d+)", asked.stdout)
    return int(found.group(1)) if found else None

"""The instance's private PostgreSQL: its own data directory, its own socket, no TCP, never the machine's cluster."""

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
    """A private cluster in `layout.postgres_data`, reached through a socket in `layout.sockets`.

    `durable=False` switches fsync off: for tests, whose data nobody will miss.
    """

    def __init__(self, layout: Layout, ports: Ports, *, durable: bool = True) -> None:
        super().__init__(layout)
        self._ports = ports
        self._durable = durable
        self._starter: int | None = None
        self.log = layout.log_directory / "postgres.log"

    @property
    def major(self) -> int | None:
        """The major version the data directory was made with; None before the first start."""
        try:
            return int((self._layout.postgres_data / "PG_VERSION").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None

    def ensure_running(self) -> None:
        """Returns when the cluster answers: adopts a running one, starts a stopped one, makes a missing one.

        Raises PostgresUnavailable with the mend in its message.
        """
        self._check_socket()
        with self._alone():
            user = service_user()
            if self.running() is None:
                if self._starter is not None:
                    reap(self._starter)  # unburied, it is a living owner of the data to PostgreSQL's lock
                self._initialise(user)
                self._start(user)
            self._await_answer()

    def address(self, database: str = "callcenter") -> str:
        """SQLAlchemy's address of a database of this cluster, over the socket."""
        return (
            f"postgresql+psycopg://{ROLE}@/{quote(database)}"
            f"?host={quote(str(self._layout.socket_directory), safe='')}&port={self._ports.postgres}"
        )

    def create_database(self, name: str) -> bool:
        """Makes an empty database unless it is there; whether it was made."""
        with self._connect() as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return True

    def drop_database(self, name: str) -> None:
        """Removes a database with all in it, throwing its users out; nothing when it is not there."""
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
        """Makes the data directory under another name, so that an interrupted initdb is not taken for a cluster."""
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
        """A backend deep in a query does not notice that its postmaster was killed, and PostgreSQL does not start
        as long as it shares the memory of the old one. Its query is lost in any case."""
        for orphan in find_in_directory(self._layout.postgres_data.resolve(), program="postgres"):
            end(orphan, first=signal.SIGQUIT, grace=1.0)

    def _start(self, user: ServiceUser) -> None:
        self._end_orphans()
        if from_earlier_boot(self.pid_file):
            # PostgreSQL's own lock names a pid only. After a reboot that may be another program of the same user,
            # Asterisk for instance, and PostgreSQL would refuse to start. Nothing outlives a boot, so it is void.
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
        # PostgreSQL wants a directory it may enter, and a locale that exists on every Debian.
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
        """The directory of PostgreSQL's programs: of the version the data was made with, else the default one."""
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
    """The major version the distribution's package `postgresql` stands for."""
    try:
        asked = run_quietly(["dpkg-query", "--show", "--showformat=${Depends}", "postgresql"])
    except FileNotFoundError:
        return None
    found = re.search(r"postgresql-(\d+)", asked.stdout)
    return int(found.group(1)) if found else None

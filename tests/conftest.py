"""Fixtures every room's tests share: a private PostgreSQL, a fresh database a test, a clock that stands still."""

import itertools
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import psycopg
import pytest
import structlog
from alembic import command
from alembic.config import Config

from callcenter.core.database import Database
from callcenter.instance.instance import prepare_directories
from callcenter.layout import Layout, Ports
from callcenter.operations.postgres import PostgresCluster
from callcenter.settings import TREE
from tests.stand_ins.clock import FakeClock

pytest_plugins = ["tests.record_fixtures"]

os.environ.setdefault("CALLCENTER_EAR__MODEL", "off")
"""A test that is not about hearing has no ear; one that is says so in its settings."""

TEMPLATE = "migrated"
TEST_PORTS = Ports(sip=0, asterisk_http=0, ami=0, desk=0, postgres=5432, rtp_start=0, rtp_end=0)
"""PostgreSQL's port only names its socket; the socket lies in the tests' own home."""

_EMPTY = b"""
    DO $$ DECLARE row record; BEGIN
        SET LOCAL session_replication_role = replica;  -- no triggers: the timelines refuse DELETE
        FOR row IN SELECT tablename FROM pg_tables
            WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'company') LOOP
            EXECUTE format('DELETE FROM %I', row.tablename);
        END LOOP;
        DELETE FROM company WHERE id <> 1;  -- the default one is made by the migrations
        UPDATE company SET name = '', number = NULL;
    END $$
"""


def fail_instead(report: pytest.TestReport | pytest.CollectReport) -> None:
    """What was skipped was not tested: on a machine that lacks something, the tests must not look green."""
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: a skipped test counts as failed: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fail_instead(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    fail_instead(report)
    return report


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """Tracebacks as Python prints them: drawn with all their variables they take half a second each.

    What a test configured goes with it: it may write to a stream that pytest has closed since.
    """
    handlers, level = logging.root.handlers[:], logging.root.level
    structlog.reset_defaults()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture(scope="session")
def tests_layout() -> Iterator[Layout]:
    """The tests' own home, which the service user can enter."""
    home = Path(tempfile.mkdtemp(prefix="cc-"))
    home.chmod(0o711)
    layout = Layout(home)
    prepare_directories(layout)
    yield layout
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def homes() -> Iterator[Path]:
    """A directory for homes of instances, which the service user may enter."""
    directory = Path(tempfile.mkdtemp(prefix="cc-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def cluster(tests_layout: Layout) -> Iterator[PostgresCluster]:
    """A private PostgreSQL in the tests' own home, with a database `migrated` to copy from."""
    cluster = PostgresCluster(tests_layout, TEST_PORTS, durable=False)
    try:
        cluster.ensure_running()
        cluster.create_database(TEMPLATE)
        command.upgrade(alembic_config(cluster.address(TEMPLATE)), "head")
        yield cluster
    finally:
        cluster.stop()


class EmptyDatabases:
    """Databases with all tables and no rows. Each is emptied and used again: to make one takes ten times as long."""

    def __init__(self, cluster: PostgresCluster) -> None:
        self._cluster = cluster
        self._numbers = itertools.count(1)
        self._free: list[str] = []
        self._shape = self._shape_of(TEMPLATE)

    def take(self) -> str:
        if self._free:
            return self._free.pop()
        name = f"test_{next(self._numbers)}"
        administrate(self._cluster, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return name

    def give_back(self, name: str) -> None:
        if self._shape_of(name) != self._shape:  # its test changed the tables and did not change them back
            self._cluster.drop_database(name)
            return
        with psycopg.connect(plain_address(self._cluster, name), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            connection.execute(_EMPTY)
        self._free.append(name)

    def _shape_of(self, name: str) -> object:
        with psycopg.connect(plain_address(self._cluster, name), autocommit=True) as connection:
            return connection.execute(
                "SELECT array_agg(oid ORDER BY oid), (SELECT array_agg(oid ORDER BY oid) FROM pg_constraint) "
                "FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            ).fetchone()


@pytest.fixture(scope="session")
def empty_databases(cluster: PostgresCluster) -> EmptyDatabases:
    return EmptyDatabases(cluster)


@pytest.fixture
def database_address(cluster: PostgresCluster, empty_databases: EmptyDatabases) -> Iterator[str]:
    """The address of a database of this test's own, with all tables and no rows."""
    name = empty_databases.take()
    yield cluster.address(name)
    empty_databases.give_back(name)


@pytest.fixture
async def database(database_address: str) -> AsyncIterator[Database]:
    database = Database(database_address)
    yield database
    await database.close()


@pytest.fixture(autouse=True)
def same_noise() -> None:
    """Every test hears the same noise and loses the same packets, in whatever order the tests run."""
    sound = sys.modules.get("tests.hearing.sound")
    if sound is not None:
        sound.reset_chance()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def alembic_config(address: str) -> Config:
    config = Config(TREE / "alembic.ini")
    config.set_main_option("sqlalchemy.url", address.replace("%", "%%"))
    return config


def plain_address(cluster: PostgresCluster, name: str) -> str:
    """The address as psycopg itself wants it."""
    return cluster.address(name).replace("postgresql+psycopg", "postgresql")


def administrate(cluster: PostgresCluster, statement: str) -> None:
    """Runs one statement outside a transaction in the cluster's `postgres` database."""
    with psycopg.connect(plain_address(cluster, "postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())

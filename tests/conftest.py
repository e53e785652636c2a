"""Fixtures every room's tests share: a private PostgreSQL, a fresh database a test, a clock that stands still."""

import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import structlog
from alembic import command
from alembic.config import Config

from callcenter.core.database import Database
from callcenter.instance.cluster import Cluster
from callcenter.instance.place import prepare_directories
from callcenter.layout import Layout, Ports
from callcenter.settings import TREE
from tests.stand_ins.clock import FakeClock

TEMPLATE = "migrated"
TEST_PORTS = Ports(sip=0, asterisk_http=0, ami=0, desk=0, postgres=5432, rtp_start=0, rtp_end=0)
"""PostgreSQL's port only names its socket; the socket lies in the tests' own home."""

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def plain_logs() -> None:
    """Tracebacks as Python prints them: drawn with all their variables they take half a second each."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )


@pytest.fixture(scope="session")
def tests_layout() -> Iterator[Layout]:
    """The tests' own home, which the service user can enter."""
    home = Path(tempfile.mkdtemp(prefix="cc-"))
    home.chmod(0o711)
    layout = Layout(home)
    prepare_directories(layout)
    yield layout
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(tests_layout: Layout) -> Iterator[Cluster]:
    """A private PostgreSQL in the tests' own home, with a database `migrated` to copy from."""
    cluster = Cluster(tests_layout, TEST_PORTS, durable=False)
    try:
        cluster.ensure_running()
        cluster.create_database(TEMPLATE)
        command.upgrade(alembic_config(cluster.address(TEMPLATE)), "head")
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def database_address(cluster: Cluster) -> Iterator[str]:
    """The address of a database of this test's own, with all tables and no rows."""
    name = f"test_{next(_numbers)}"
    administrate(cluster, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield cluster.address(name)
    cluster.drop_database(name)


@pytest.fixture
async def database(database_address: str) -> AsyncIterator[Database]:
    database = Database(database_address)
    yield database
    await database.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def alembic_config(address: str) -> Config:
    config = Config(TREE / "alembic.ini")
    config.set_main_option("sqlalchemy.url", address.replace("%", "%%"))
    return config


def administrate(cluster: Cluster, statement: str) -> None:
    """Runs one statement outside a transaction in the cluster's `postgres` database."""
    address = cluster.address("postgres").replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement.encode())

"""The private PostgreSQL: made, found again, stopped, and nobody else's."""

import os
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from callcenter.instance.instance import Instance, open_instance
from callcenter.instance.processes import find_in_directory
from callcenter.instance.service_user import service_user
from callcenter.layout import Layout
from callcenter.operations.postgres import PostgresCluster, PostgresUnavailable
from callcenter.settings import Settings


@pytest.fixture
def instance(homes: Path) -> Instance:
    return open_instance(home=homes / "one", settings=Settings())


def ask(address: str, question: str) -> object:
    engine = create_engine(address)
    try:
        with engine.connect() as connection:
            return connection.execute(text(question)).scalar_one()
    finally:
        engine.dispose()


def test_a_cluster_is_started_adopted_and_stopped_with_its_rows(instance: Instance) -> None:
    cluster = PostgresCluster(instance.layout, instance.ports, durable=False)
    try:
        cluster.ensure_running()
        assert cluster.create_database("callcenter")
        assert not cluster.create_database("callcenter")
        first = cluster.running()

        other = PostgresCluster(instance.layout, instance.ports, durable=False)
        other.ensure_running()
        assert other.running() == first

        address = cluster.address()
        assert ask(address, "SELECT lower('ЁЖ')") == "ёж"
        assert ask(address, "SELECT current_setting('listen_addresses')") == ""
        assert first is not None
        assert Path(f"/proc/{first.pid}").stat().st_uid != 0

        os.kill(first.pid, 9)
        assert first.wait(5)
        cluster.ensure_running()  # over the socket and the pid file that the killed one left behind
        assert cluster.running() != first
        assert ask(address, "SELECT count(*) FROM pg_database WHERE datname = 'callcenter'") == 1
    finally:
        cluster.stop()
    assert cluster.running() is None
    cluster.stop()


def test_after_a_reboot_the_old_lock_is_void_even_when_its_pid_lives_again(instance: Instance) -> None:
    """PostgreSQL's lock names a pid only; here it is taken by another program of the same user."""
    cluster = PostgresCluster(instance.layout, instance.ports, durable=False)
    words = service_user().command(["sleep", "60"])
    with subprocess.Popen(words) as other:
        try:
            cluster.ensure_running()
            lock = instance.layout.postgres_data / "postmaster.pid"
            lines = lock.read_text().splitlines()
            before = cluster.running()
            assert before is not None
            os.kill(before.pid, 9)
            assert before.wait(5)
            lock.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
            record = cluster.pid_file.read_text().splitlines()
            cluster.pid_file.write_text(f"00000000-0000-0000-0000-000000000000\n{record[1]}\n")
            cluster.ensure_running()
            assert cluster.running() is not None
        finally:
            other.kill()
            cluster.stop()


def test_a_backend_that_outlives_its_killed_postmaster_is_no_obstacle(instance: Instance) -> None:
    """A backend deep in a query does not notice; PostgreSQL refuses to start as long as it shares the memory."""
    cluster = PostgresCluster(instance.layout, instance.ports, durable=False)
    try:
        cluster.ensure_running()
        before = cluster.running()
        assert before is not None
        with psycopg.connect(
            host=str(instance.layout.socket_directory),
            port=instance.ports.postgres,
            user="callcenter",
            dbname="postgres",
        ) as connection:
            running = find_in_directory(instance.layout.postgres_data, program="postgres")
            (backend,) = (one for one in running if one.pid == connection.info.backend_pid)
            busy = threading.Thread(target=never_ending_query, args=[connection])
            busy.start()
            while "DO" not in Path(f"/proc/{backend.pid}/cmdline").read_text():
                time.sleep(0.02)
            os.kill(before.pid, 9)
            assert before.wait(5)
            assert backend.alive
            cluster.ensure_running()
            busy.join(10)
        assert not backend.alive
        cluster.create_database("afterwards")
    finally:
        cluster.stop()


def never_ending_query(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with suppress(psycopg.OperationalError):
        connection.execute("DO $$ BEGIN LOOP END LOOP; END $$")


def test_siblings_have_each_their_own_and_no_tcp_port(homes: Path) -> None:
    instances = [open_instance(home=homes / name, settings=Settings()) for name in ("one", "two")]
    clusters = [PostgresCluster(one.layout, one.ports, durable=False) for one in instances]
    try:
        for cluster in clusters:
            cluster.ensure_running()
        clusters[0].create_database("only_here")
        assert ask(clusters[0].address("only_here"), "SELECT 1") == 1
        with pytest.raises(OperationalError, match="only_here"):
            ask(clusters[1].address("only_here"), "SELECT 1")
        for one in instances:
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", one.ports.postgres)) != 0
    finally:
        for cluster in clusters:
            cluster.stop()


def test_an_interrupted_initdb_is_begun_anew(instance: Instance) -> None:
    making = instance.layout.home / "postgres.making"
    making.mkdir()
    (making / "PG_VERSION").write_text("15\n")
    cluster = PostgresCluster(instance.layout, instance.ports, durable=False)
    try:
        cluster.ensure_running()
        assert not making.exists()
    finally:
        cluster.stop()


def test_strange_files_are_not_taken_for_a_cluster(instance: Instance) -> None:
    instance.layout.postgres_data.mkdir()
    (instance.layout.postgres_data / "letter.txt").write_text("to whom it may concern")
    with pytest.raises(PostgresUnavailable, match="not a PostgreSQL data directory"):
        PostgresCluster(instance.layout, instance.ports).ensure_running()


def test_a_major_version_that_is_gone_is_named(instance: Instance) -> None:
    instance.layout.postgres_data.mkdir()
    (instance.layout.postgres_data / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresUnavailable, match=r"made by PostgreSQL 9.*apt-get install postgresql-9"):
        PostgresCluster(instance.layout, instance.ports).ensure_running()


def test_a_socket_path_too_long_is_refused_with_the_mend(instance: Instance) -> None:
    layout = Layout(Path("/var/lib/callcenter") / ("x" * 80))
    with pytest.raises(PostgresUnavailable, match=r"CALLCENTER_HOME"):
        PostgresCluster(layout, instance.ports).ensure_running()

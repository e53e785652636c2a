"""The tables are made by migrations alone, and the two timelines can only grow."""

import subprocess
import sys
import time

import psycopg
import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from callcenter.core.database import Database
from callcenter.operations import migrate
from callcenter.operations.postgres import PostgresCluster
from callcenter.settings import TREE
from tests.conftest import alembic_config


def test_the_models_say_what_the_migrations_made(database_address: str) -> None:
    command.check(alembic_config(database_address))


def test_the_migrations_can_be_taken_back_and_run_again(cluster: PostgresCluster, database_address: str) -> None:
    config = alembic_config(database_address)
    command.downgrade(config, "base")
    command.upgrade(config, "head")
    command.check(config)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE call_event SET kind = 'another'",
        "DELETE FROM call_event",
        "TRUNCATE call_event",
        "UPDATE ticket_event SET author = 'another'",
        "DELETE FROM ticket_event",
        "TRUNCATE ticket_event",
    ],
)
async def test_a_timeline_can_only_grow(database: Database, change: str) -> None:
    async with database.begin() as session:
        await session.execute(text("INSERT INTO call (company_id, id, caller_shown, dialled, state, arrived_at) VALUES "
                                   "(1, 'b1-1.0', '', '', 'ivr', now())"))  # fmt: skip
        await session.execute(text("INSERT INTO call_event (call_id, at, source, kind, key, facts) VALUES "
                                   "('b1-1.0', now(), 'cel', 'arrived', 'arrived', '{}')"))  # fmt: skip
        await session.execute(text("INSERT INTO ticket (company_id, state, description, address, created_at) VALUES "
                                   "(1, 'draft', '', '', now())"))  # fmt: skip
        await session.execute(text("INSERT INTO ticket_event (ticket_id, at, kind, author, facts) "
                                   "SELECT id, now(), 'opened', 'robot', '{}' FROM ticket"))  # fmt: skip
    with pytest.raises(DBAPIError, match="can only grow"):
        async with database.begin() as session:
            await session.execute(text(change))
    async with database.begin() as session:
        assert (await session.scalar(text("SELECT kind FROM call_event"))) == "arrived"
        assert (await session.scalar(text("SELECT author FROM ticket_event"))) == "robot"


def test_two_set_ups_at_once_take_turns(cluster: PostgresCluster) -> None:
    cluster.create_database("twice")
    address = cluster.address("twice")
    words = [sys.executable, "-c", f"from callcenter.operations.migrate import migrate; migrate({address!r})"]
    with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [migrate._LOCK])  # a third one is at it
        both = [subprocess.Popen(words, cwd=TREE) for _ in range(2)]
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while connection.execute(waiting).fetchone() != (2,):
            assert [child.poll() for child in both] == [None, None], "it did not wait"
            time.sleep(0.05)
        connection.execute("SELECT pg_advisory_unlock_all()")
        assert [child.wait() for child in both] == [0, 0]
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    cluster.drop_database("twice")


@pytest.mark.parametrize(
    "row",
    [
        "callback (company_id, call_id, kind, state, owner, created_at, due_at) "
        "VALUES (1, 'b1-99.1', 'callback', 'open', 'shift', now(), now())",
        "recording (call_id, state, gaps) VALUES ('b1-99.1', 'pending', '[]')",
        "ticket_call (ticket_id, call_id, is_main) VALUES (1, 'b1-99.1', true)",
        "call_leg (call_id, channel_id, channel_name, role, started_at) "
        "VALUES ('b1-99.1', 'b1-99.2', 'PJSIP/x', 'member', now())",
        "call_event (call_id, at, source, kind, key, facts) VALUES ('b1-99.1', now(), 'cel', 'ended', 'ended', '{}')",
    ],
)
async def test_nothing_can_belong_to_an_unknown_call(database: Database, row: str) -> None:
    with pytest.raises(IntegrityError, match="violates foreign key"):
        async with database.begin() as session:
            await session.execute(text(f"INSERT INTO {row}"))

"""The tables are made by migrations alone, and the two timelines can only grow."""

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from callcenter.core.database import Database
from callcenter.instance.cluster import Cluster
from tests.conftest import alembic_config


def test_the_models_say_what_the_migrations_made(database_address: str) -> None:
    command.check(alembic_config(database_address))


def test_the_migrations_can_be_taken_back_and_run_again(cluster: Cluster, database_address: str) -> None:
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
        await session.execute(text("INSERT INTO call (id, caller_shown, dialled, state, arrived_at) VALUES "
                                   "('b1-1.0', '', '', 'ivr', now())"))  # fmt: skip
        await session.execute(text("INSERT INTO call_event (call_id, at, source, kind, key, facts) VALUES "
                                   "('b1-1.0', now(), 'cel', 'arrived', 'arrived', '{}')"))  # fmt: skip
        await session.execute(text("INSERT INTO ticket (call_id, state, description, address, created_at) VALUES "
                                   "('b1-1.0', 'draft', '', '', now())"))  # fmt: skip
        await session.execute(text("INSERT INTO ticket_event (ticket_id, at, kind, author, facts) "
                                   "SELECT id, now(), 'opened', 'robot', '{}' FROM ticket"))  # fmt: skip
    with pytest.raises(DBAPIError, match="can only grow"):
        async with database.begin() as session:
            await session.execute(text(change))
    async with database.begin() as session:
        assert (await session.scalar(text("SELECT kind FROM call_event"))) == "arrived"
        assert (await session.scalar(text("SELECT author FROM ticket_event"))) == "robot"

"""The database being away is told from every other trouble."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from callcenter.core.database import Database, is_conflict
from callcenter.core.errors import DatabaseUnavailable
from callcenter.operations.postgres import PostgresCluster


async def test_a_database_that_is_not_there_is_away(database: Database, cluster: PostgresCluster) -> None:
    async with database.begin() as session:
        await session.execute(text("SELECT 1"))
    await asyncio.to_thread(cluster.stop)
    try:
        for _ in range(2):  # with a connection from before, and with none
            with pytest.raises(DatabaseUnavailable):
                async with database.begin() as session:
                    await session.execute(text("SELECT 1"))
    finally:
        await asyncio.to_thread(cluster.ensure_running)
    async with database.begin() as session:
        assert await session.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize("words", ["SELECT pg_terminate_backend(pg_backend_pid())", "SET statement_timeout = 1"])
async def test_a_connection_lost_in_the_middle_is_the_database_away(database: Database, words: str) -> None:
    async def ask() -> None:
        async with database.begin() as session:
            await session.execute(text(words))
            await session.execute(text("SELECT pg_sleep(5)"))

    with pytest.raises(DatabaseUnavailable):
        await ask()


async def test_all_connections_taken_is_the_database_away(database_address: str) -> None:
    database = Database(database_address, connect_seconds=1)
    async with asyncio.timeout(20):
        held = [database.begin() for _ in range(20)]
        for each in held:
            await (await each.__aenter__()).connection()
        with pytest.raises(DatabaseUnavailable):
            async with database.begin() as session:
                await session.connection()
        for each in held:
            await each.__aexit__(None, None, None)
    await database.close()


async def test_what_the_database_refuses_is_our_fault_and_no_absence(database: Database) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with database.begin() as session:
            await session.execute(text("SELECT 1 / 0"))
    assert not is_conflict(refused.value)


async def test_a_disk_that_refuses_is_no_absence_of_the_database(database: Database) -> None:
    with pytest.raises(PermissionError):
        async with database.begin():
            raise PermissionError(13, "refused")

"""News on the open page: quick, only topics, only to those signed in; and nothing is left behind when pages close."""

import asyncio
import time
from contextlib import AsyncExitStack

import httpx
import psycopg
import pytest

from callcenter.calls.models import CallState
from callcenter.core.database import Database, notify
from callcenter.operations.postgres import PostgresCluster
from callcenter.web.plumbing import sse
from callcenter.web.plumbing.current_user import SESSION_COOKIE
from tests.conftest import administrate
from tests.stand_ins.clock import FakeClock
from tests.web.desk_client import Visit
from tests.web.sample_centre import ADMINISTRATOR, ANNA, IGOR, Person, add_call
from tests.web.update_stream import listen

END_LISTENING = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = '{}'"


async def tell(database: Database, topic: str, identifier: str) -> None:
    async with database.begin() as session:
        await notify(session, topic, identifier)


async def test_a_change_reaches_the_page_at_once(
    served: str, database: Database, anna: Visit, clock: FakeClock
) -> None:
    async with listen(served) as feed:
        await feed.until("hello")
        async with database.begin() as session:
            await add_call(session, "b17-9.1", at=clock.now(), caller_number="+79215550199", state=CallState.IVR)
            await notify(session, "call", "b17-9.1")
        assert (await feed.until("call")).identifiers == ("b17-9.1",)
        assert "+7 921 555-01-99" in (await anna.part("/board/calls")).text


async def test_what_happened_while_a_page_was_on_its_way_is_not_missed(served: str, database: Database) -> None:
    async def mark_of_a_page() -> str:
        async with httpx.AsyncClient(base_url=served, cookies={SESSION_COOKIE: ANNA.token}) as client:
            return (await client.get("/")).text.split('data-mark="')[1].split('"')[0]

    mark = await mark_of_a_page()
    async with listen(served) as other:
        await other.until("hello")
        await tell(database, "call", "early")
        await other.until("call")
    async with listen(served, mark=mark) as feed:
        assert [(await feed.next()).topic for _ in range(2)] == ["hello", "refresh"]
    async with listen(served, mark=await mark_of_a_page()) as feed:
        assert (await feed.next()).topic == "hello"
        await tell(database, "call", "late")
        assert (await feed.next()).topic == "call"


async def test_a_storm_of_changes_is_told_twice_a_second_and_loses_none(served: str, database: Database) -> None:
    async with listen(served) as feed:
        await feed.until("hello")
        heard: set[str] = set()
        began, told = time.monotonic(), 0
        for round_of_changes in range(3):
            names = {f"c{round_of_changes}-{number}" for number in range(20)}
            for name in names:
                await tell(database, "call", name)
            while not names <= heard:
                heard.update((await feed.until("call")).identifiers)
                told += 1
        assert told <= (time.monotonic() - began) * 2 + 2


async def test_an_alarm_is_told_while_the_page_is_left_alone(
    served: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "REST_SECONDS", 3600.0)
    async with listen(served) as feed:
        await feed.until("hello")
        await tell(database, "call", "one")
        await feed.until("call")
        await tell(database, "call", "two")
        await tell(database, "alarm", "1")
        assert {(await feed.next()).topic for _ in range(2)} == {"call", "alarm"}


async def test_whoever_is_not_signed_in_hears_only_that(served: str) -> None:
    nobody = Person("nobody", "", IGOR.role)
    async with listen(served, nobody) as feed:
        assert (await feed.next()).topic == "signed-out"
        with pytest.raises(StopAsyncIteration):
            await feed.next()


async def test_the_stream_ends_with_the_shift(served: str, database: Database, clock: FakeClock) -> None:
    async with listen(served) as feed:
        await feed.until("hello")
        clock.advance(hours=14)
        await tell(database, "call", "secret")
        assert (await feed.next()).topic == "signed-out"
        with pytest.raises(StopAsyncIteration):
            await feed.next()


async def test_a_lost_connection_to_postgresql_is_told_and_made_again(
    served: str, database: Database, cluster: PostgresCluster
) -> None:
    async with listen(served) as feed:
        await feed.until("hello")
        administrate(cluster, END_LISTENING.format(database.engine.url.database))
        assert (await feed.next()).topic == "lost"
        assert (await feed.next()).topic == "refresh"
        await tell(database, "ticket", "7")
        assert (await feed.next()).identifiers == ("7",)


async def test_fifty_pages_come_and_go_and_leave_nothing_behind(
    served: str, database: Database, cluster: PostgresCluster
) -> None:
    async with AsyncExitStack() as pages:
        feeds = [await pages.enter_async_context(listen(served, person)) for person in (IGOR, ADMINISTRATOR) * 25]
        for feed in feeds:
            await feed.until("hello")
        await tell(database, "call", "one")
        for feed in feeds:
            await feed.until("call")
        assert await pages_open(served) == 50
        # The streams hold no session and no transaction: there is the idle pool, and the one that listens.
        assert count_connections(cluster, database) <= 11
        assert count_connections(cluster, database, state="idle in transaction") == 0
    async with asyncio.timeout(10):
        while await pages_open(served):
            pass


async def pages_open(address: str) -> int:
    async with httpx.AsyncClient(base_url=address) as client:
        return int((await client.get("/healthz")).json()["pages"])


def count_connections(cluster: PostgresCluster, database: Database, *, state: str = "%") -> int:
    address = cluster.address("postgres").replace("postgresql+psycopg", "postgresql")
    statement = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND state LIKE %s"
    with psycopg.connect(address) as connection:
        row = connection.execute(statement, [database.engine.url.database, state]).fetchone()
    assert row is not None
    return int(row[0])

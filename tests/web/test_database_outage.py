"""PostgreSQL goes away and comes back: the desk says that calls go on, and recovers by itself."""

import asyncio

import httpx
import pytest
from sqlalchemy import select

from callcenter.core.database import Database
from callcenter.operations.postgres import PostgresCluster
from callcenter.tickets.models import Ticket
from callcenter.web.plumbing.current_user import SESSION_COOKIE
from tests.web.desk_client import Visit
from tests.web.sample_calls import MISSED
from tests.web.sample_centre import ANNA
from tests.web.update_stream import listen


async def test_the_desk_outlives_its_database(
    served: str, cluster: PostgresCluster, anna: Visit, database: Database
) -> None:
    async with database.begin() as session:
        draft = await session.scalar(select(Ticket.id).where(Ticket.call_id == MISSED))
    cookies = {SESSION_COOKIE: ANNA.token}
    async with listen(served) as feed, httpx.AsyncClient(base_url=served, cookies=cookies, timeout=20) as client:
        await feed.until("hello")
        form = {"csrf": await anna.csrf("/"), "then": "save", "description": "Не потерять"}
        await asyncio.to_thread(cluster.stop)
        try:
            await feed.until("lost")
            page = await client.get("/calls")
            assert page.status_code == 503
            assert page.headers["retry-after"] == "5"
            for words in ("Нет связи с базой данных", "Звонки идут как обычно", "на бумагу", "откроется сама"):
                assert words in page.text, words
            assert "/static/retry.js" in page.text
            health = await client.get("/healthz")
            assert (health.status_code, health.json()["database"]) == (503, False)
            part = await client.get("/board/calls", headers={"HX-Request": "true"})
            assert (part.status_code, part.headers["hx-reswap"]) == (503, "none")
            lost = await client.post(f"/tickets/{draft}/draft", data=form)
            assert lost.status_code == 503
            assert "Сделанное не сохранилось" in lost.text
            assert "/static/retry.js" not in lost.text  # loading that page again would send the form again
            kept = await client.post(f"/tickets/{draft}/draft", data=form, headers={"HX-Request": "true"})
            assert "desk:fault" in kept.headers["hx-trigger"]
        finally:
            await asyncio.to_thread(cluster.ensure_running)
        await feed.until("refresh")
        assert (await client.get("/calls")).status_code == 200
        health = await client.get("/healthz")
        assert (health.status_code, health.json()["database"], health.json()["live"]) == (200, True, True)
        assert (await client.post(f"/tickets/{draft}/draft", data=form)).status_code == 303


async def test_a_page_opened_during_an_outage_learns_of_it(served: str, cluster: PostgresCluster) -> None:
    await asyncio.to_thread(cluster.stop)
    try:
        async with listen(served) as feed:
            assert (await feed.next()).topic == "lost"
            with pytest.raises(StopAsyncIteration):  # the page asks again by itself
                await feed.next()
    finally:
        await asyncio.to_thread(cluster.ensure_running)


async def test_health_tells_of_telephony_and_of_the_last_sign_of_life(reader: Visit) -> None:
    health = (await reader.get("/healthz")).json()
    assert health["status"] == "ok"
    assert health["telephony"] is True
    assert health["last_event_at"].startswith("2026-11-24T05:59:5")

"""What a page hears from `/live`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from callcenter.web.plumbing.current_user import SESSION_COOKIE
from tests.web.sample_centre import ANNA, Person


@dataclass(frozen=True, slots=True)
class News:
    topic: str
    identifiers: tuple[str, ...]


class Feed:
    """An open stream of server-sent events."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()

    async def next(self) -> News:
        """The next event; pings are passed over. Raises StopAsyncIteration when the stream has ended."""
        topic = ""
        while True:
            line = await anext(self._lines)
            if line.startswith("event: "):
                topic = line.removeprefix("event: ")
            elif line.startswith("data:"):
                return News(topic, tuple(line.removeprefix("data:").split()))

    async def until(self, topic: str) -> News:
        """The next event of this topic."""
        while True:
            news = await self.next()
            if news.topic == topic:
                return news


@asynccontextmanager
async def listen(address: str, person: Person = ANNA, *, mark: str = "") -> AsyncIterator[Feed]:
    """The stream of news as a page opens it that was made at `mark`."""
    async with (
        httpx.AsyncClient(base_url=address, cookies={SESSION_COOKIE: person.token}, timeout=10) as client,
        client.stream("GET", "/live", params={"mark": mark}) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Feed(answer)

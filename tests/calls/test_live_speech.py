"""Words being said travel at once, the newest only, never more than fits, and are kept nowhere."""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress

import psycopg
import pytest

from callcenter.calls.live_speech import SPOKEN_CHANNEL, LiveSpeech
from callcenter.calls.models import Speaker
from callcenter.core.database import Database
from tests.stand_ins.clock import MORNING

CALL = "b1-17.7"
AT = int(MORNING.timestamp() * 1000)

Said = dict[str, list[object]]


class Hearer:
    """Somebody who listens to what is said now."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection
        self._notices: deque[psycopg.Notify] = deque()

    async def next(self) -> tuple[str, Said]:
        if not self._notices:
            self._notices.extend([notice async for notice in self._connection.notifies(timeout=5, stop_after=1)])
        notice = self._notices.popleft()
        assert len(notice.payload.encode()) < 8000
        call_id, _, said = notice.payload.partition(" ")
        return call_id, json.loads(said)


@pytest.fixture
async def hearer(database: Database) -> AsyncIterator[Hearer]:
    address = database.url.replace("postgresql+psycopg", "postgresql")
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
        await connection.execute(f"LISTEN {SPOKEN_CHANNEL}")
        yield Hearer(connection)


@pytest.fixture
async def spoken(database: Database) -> AsyncIterator[LiveSpeech]:
    spoken = LiveSpeech()
    telling = asyncio.create_task(spoken.run(database))
    yield spoken
    telling.cancel()
    with suppress(asyncio.CancelledError):
        await telling


async def test_both_sides_are_told_together_and_only_their_newest_words(spoken: LiveSpeech, hearer: Hearer) -> None:
    spoken.update_partial(CALL, Speaker.CALLER, at=MORNING, words="у")
    assert await hearer.next() == (CALL, {"caller": [AT, "у"]})
    for count in range(1, 40):  # while the first was on its way, and in the pause behind it
        spoken.update_partial(CALL, Speaker.CALLER, at=MORNING, words=f"у нас {count}")
    spoken.update_partial(CALL, Speaker.MEMBER, at=MORNING, words="слушаю")
    assert await hearer.next() == (CALL, {"caller": [AT, "у нас 39"], "member": [AT, "слушаю"]})
    spoken.update_partial(CALL, Speaker.CALLER, at=MORNING, words="")
    assert await hearer.next() == (CALL, {"caller": [AT, ""]})


async def test_however_fast_somebody_speaks_a_call_is_told_of_four_times_a_second(
    spoken: LiveSpeech, hearer: Hearer
) -> None:
    began, told = time.monotonic(), 1
    for count in range(40):
        spoken.update_partial(CALL, Speaker.CALLER, at=MORNING, words=f"слово {count}")
        await asyncio.sleep(0.02)
    while (await hearer.next())[1] != {"caller": [AT, "слово 39"]}:
        told += 1
    assert told <= (time.monotonic() - began) * 4 + 2


async def test_what_a_page_knows_already_is_not_told_again(spoken: LiveSpeech, hearer: Hearer) -> None:
    spoken.update_partial(CALL, Speaker.CALLER, at=MORNING, words="")
    spoken.update_partial(CALL, Speaker.MEMBER, at=MORNING, words="да")
    await hearer.next()
    spoken.update_partial(CALL, Speaker.MEMBER, at=MORNING, words="да или нет")
    spoken.update_partial(CALL, Speaker.MEMBER, at=MORNING, words="да")  # taken back before it was told
    spoken.update_partial("b1-18.1", Speaker.CALLER, at=MORNING, words="алло")
    assert await hearer.next() == ("b1-18.1", {"caller": [AT, "алло"]})
    spoken.end_partials(CALL, Speaker.MEMBER)
    spoken.update_partial(CALL, Speaker.MEMBER, at=MORNING, words="да")  # another dispatcher
    assert await hearer.next() == (CALL, {"member": [AT, "да"]})


@pytest.mark.parametrize("word", ["вода ", '"\\ ', "🙂"])
async def test_of_a_long_speech_the_end_travels(spoken: LiveSpeech, hearer: Hearer, word: str) -> None:
    speech = word * 5000
    for speaker in Speaker:
        spoken.update_partial(CALL, speaker, at=MORNING, words=speech + "конец")
    _, said = await hearer.next()
    for _, words in said.values():
        assert isinstance(words, str)
        assert words.startswith("… ")
        assert words.endswith("конец")
        assert len(words) > 200

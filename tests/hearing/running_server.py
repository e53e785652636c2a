"""A real ear in a process of its own, that can be killed and started again, and a leg that keeps what it is told."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from callcenter.conducting.ports import NoMetrics
from callcenter.hearing.address import Address
from callcenter.hearing.client.client import LegEvent, RecognitionClient, RecognitionLeg
from callcenter.hearing.client.server_pool import ServerPool
from callcenter.hearing.wire import Closed, Final
from callcenter.settings import TREE
from tests.hearing.sound import Sound, cut


class Counted(NoMetrics):
    """See CallMetrics."""

    losses = 0
    dropped = 0.0

    def count_recognizer_loss(self) -> None:
        self.losses += 1

    def count_dropped_audio(self, seconds: float) -> None:
        self.dropped += seconds


@dataclass
class RunningEar:
    """`python -m callcenter.hearing.server`, with the stand-in engine unless it is told another."""

    address: Address
    engine: tuple[str, ...] = ("--engine", "tests.stand_ins.tones")
    program: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.program = subprocess.Popen(
            [sys.executable, "-m", "callcenter.hearing.server", str(self.address), *self.engine], cwd=TREE
        )

    def stop(self) -> None:
        if self.program is not None and self.program.poll() is None:
            self.program.kill()
            self.program.wait()

    def send(self, number: signal.Signals) -> None:
        assert self.program is not None
        os.kill(self.program.pid, number)

    def wait(self) -> int:
        assert self.program is not None
        return self.program.wait(10)


@dataclass
class Listened:
    """One leg and everything it was told."""

    leg: RecognitionLeg
    told: list[LegEvent]
    news: asyncio.Event
    _seen: int = field(default=0)

    async def waits_for(self, kind: type[LegEvent], *, within: float = 8.0) -> LegEvent:
        """The next thing of this kind that the leg was told after the last one waited for."""
        try:
            async with asyncio.timeout(within):
                while True:
                    while self._seen < len(self.told):
                        self._seen += 1
                        if isinstance(self.told[self._seen - 1], kind):
                            return self.told[self._seen - 1]
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            raise AssertionError(f"no {kind.__name__} among {self.told}") from None

    def speak(self, sound: Sound) -> None:
        """All at once."""
        for piece in cut(sound):
            self.leg.send_audio(piece)

    @property
    def text(self) -> str:
        return " ".join(word.text for told in self.told if isinstance(told, Final) for word in told.words)

    async def closes(self) -> str:
        """Hangs up; everything that was heard."""
        self.leg.close()
        await self.waits_for(Closed)
        return self.text


def open_leg(ear: RecognitionClient | ServerPool, *, phrases: tuple[str, ...] | None = None) -> Listened:
    told: list[LegEvent] = []
    news = asyncio.Event()

    def take(one: LegEvent) -> None:
        told.append(one)
        news.set()

    return Listened(ear.open_leg(take, phrases=phrases), told, news)


@asynccontextmanager
async def client_of(address: Address) -> AsyncIterator[RecognitionClient]:
    client = RecognitionClient(address)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(client.run())
        yield client
        running.cancel()


@pytest.fixture
def ear_program(tmp_path: Path) -> Iterator[RunningEar]:
    ear = RunningEar(tmp_path / "ear.sock")
    ear.start()
    yield ear
    ear.stop()

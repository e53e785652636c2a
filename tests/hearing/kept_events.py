"""What one leg's listener was told, kept and waited for."""

import asyncio
from dataclasses import dataclass, field

from callcenter.hearing.client.client import LegEvent
from callcenter.hearing.client.endpointing import EndpointerEvent, UtteranceEnded
from callcenter.hearing.wire import Closed, Final


@dataclass
class Dialogue:
    """Keeps what it is told, and can wait for it."""

    events: list[EndpointerEvent] = field(default_factory=list)
    answers: asyncio.Queue[UtteranceEnded] = field(default_factory=asyncio.Queue)
    notes: list[LegEvent] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, event: EndpointerEvent) -> None:
        self.events.append(event)
        if isinstance(event, UtteranceEnded):
            self.answers.put_nowait(event)

    async def next_said(self, *, within: float = 8.0) -> UtteranceEnded:
        async with asyncio.timeout(within):
            return await self.answers.get()

    def note(self, told: LegEvent) -> None:
        self.notes.append(told)
        if isinstance(told, Closed):
            self.closed.set()

    @property
    def said(self) -> list[tuple[str, bool]]:
        return [(event.text, event.before_endpoint) for event in self.events if isinstance(event, UtteranceEnded)]

    @property
    def transcript(self) -> str:
        return " ".join(word.text for told in self.notes if isinstance(told, Final) for word in told.words)

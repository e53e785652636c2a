"""Prompts whose sound's name is the text itself: what was played can be read."""

import asyncio
from collections.abc import Iterable

from callcenter.core.errors import CallcenterError


class VoiceBroke(CallcenterError):
    """The voice cannot speak."""


class ReadablePrompts:
    """`slow` texts take so many seconds to render, `unspeakable` ones fail."""

    def __init__(self) -> None:
        self.slow: dict[str, float] = {}
        self.unspeakable: set[str] = set()
        self.prepared: list[str] = []

    async def get_sound_path(self, text: str) -> str:
        if text in self.unspeakable:
            raise VoiceBroke
        if text in self.slow:
            await asyncio.sleep(self.slow[text])
        return f"prompts/{text}"

    async def prepare(self, texts: Iterable[str]) -> None:
        for text in texts:
            if text in self.unspeakable:
                raise VoiceBroke
            self.prepared.append(text)

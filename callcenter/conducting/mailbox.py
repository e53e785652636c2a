"""What happens to one call, in the order it happened. One task reads it, so nothing about a call needs a lock."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from callcenter.dialogue.engine.events import Speech

MOST_KEYS = 64
"""More than anybody presses while one action is carried out. All other letters are few: an ear guesses ten times a
second at most, and a line that reads nothing for the length of its lease is over."""


@dataclass(frozen=True, slots=True)
class Key:
    """The caller pressed a key; `at` is when, in monotonic seconds."""

    key: str
    at: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class SoundEnded:
    """A sound of ours is over: played to its end, stopped, or it could not be played."""

    playback_id: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ListenEnded:
    """The seconds of `Listen(turn)` are over."""

    turn: int


@dataclass(frozen=True, slots=True)
class Left:
    """The channel is not ours any more: hung up, or taken by the dialplan at the end of its lease."""


@dataclass(frozen=True, slots=True)
class Reconnected:
    """Asterisk was out of sight for a while; what it reported meanwhile is lost."""


@dataclass(frozen=True, slots=True)
class Dismissed:
    """The controller stops: the dialplan goes on with the call."""


Letter = Key | SoundEnded | ListenEnded | Left | Reconnected | Dismissed | Speech
"""What an ear tells is the conversation's own event."""


class Mailbox:
    """Letters of one call, first come, first served. Keys beyond `MOST_KEYS` unread ones are dropped."""

    def __init__(self, *, posted: Callable[[Letter], None] | None = None) -> None:
        """`posted` is shown every letter that was taken in."""
        self._posted = posted
        self._letters: asyncio.Queue[Letter] = asyncio.Queue()
        self._unread_keys = 0

    def post(self, letter: Letter) -> None:
        if isinstance(letter, Key):
            if self._unread_keys == MOST_KEYS:
                return
            self._unread_keys += 1
        if self._posted is not None:
            self._posted(letter)
        self._letters.put_nowait(letter)

    async def next(self, *, within: float) -> Letter | None:
        """The oldest letter; None when none came within so many seconds."""
        try:
            async with asyncio.timeout(within):
                letter = await self._letters.get()
        except TimeoutError:
            return None
        if isinstance(letter, Key):
            self._unread_keys -= 1
        return letter

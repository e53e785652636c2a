"""The mailbox of a call: a queue of its incoming events ("letters") in the order of their arrival.

One task reads the mailbox, so the state of a call needs no lock.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from callcenter.dialogue.engine.events import Speech

MOST_KEYS = 64
"""Limit of unread DTMF digits; more than a caller presses during one action. Other letters need no limit: partial
recognition results come at most ten times a second, and a line that reads nothing loses its call with the lease."""


@dataclass(frozen=True, slots=True)
class Key:
    """A DTMF digit from the caller. `at`: when it was pressed, in monotonic seconds."""

    key: str
    at: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class SoundEnded:
    """A playback is over: played to its end, stopped, or `failed` because Asterisk could not play it."""

    playback_id: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ListenEnded:
    """The timeout of the command `Listen(turn)` expired."""

    turn: int


@dataclass(frozen=True, slots=True)
class Left:
    """The channel has left the Stasis application: the caller hung up, or the lease expired."""


@dataclass(frozen=True, slots=True)
class Reconnected:
    """The connection to Asterisk was down and is back; the events of the meantime are lost."""


@dataclass(frozen=True, slots=True)
class Dismissed:
    """The controller is stopping: the call goes to the dialplan's fallback."""


Letter = Key | SoundEnded | ListenEnded | Left | Reconnected | Dismissed | Speech
"""A letter of the mailbox. Recognition results are the conversation's own events, `Speech`."""


class Mailbox:
    """A FIFO queue of letters. Keys beyond `MOST_KEYS` unread ones are dropped."""

    def __init__(self, *, posted: Callable[[Letter], None] | None = None) -> None:
        """`posted` is called with every accepted letter."""
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
        """Returns the oldest letter, or None when none arrives within `within` seconds."""
        try:
            async with asyncio.timeout(within):
                letter = await self._letters.get()
        except TimeoutError:
            return None
        if isinstance(letter, Key):
            self._unread_keys -= 1
        return letter

"""How a channel's audio gets from Asterisk to us. One small protocol, two ways, so that the other can be tried."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from callcenter.core.errors import CallcenterError

FORMAT = "slin"
"""Linear, 16 bit, 8000 samples a second: the telephone's own rate, so nothing is resampled."""

TakeAudio = Callable[[bytes], None]
"""Takes the next samples (little-endian). Called in the event loop; must neither wait nor raise."""


class AudioUnavailable(CallcenterError):
    """Asterisk gives us no audio of a channel."""


class MediaRequests(Protocol):
    """What transports ask of ARI; AudioAriClient does it.

    Every request raises ChannelGone, AsteriskUnavailable, RequestRefused.
    """

    async def start_media(self, media_id: str, **parameters: str) -> None: ...

    async def evaluate(self, channel_id: str, expression: str) -> str: ...

    async def remove_channel(self, channel_id: str) -> None: ...


class MediaStream(Protocol):
    """One open connection to a media channel."""

    async def close(self) -> None:
        """Closes our end; Asterisk removes the channel then. May be repeated."""
        ...


class Transport(Protocol):
    """Makes media channels. The channel enters our application; whoever asked waits for it there and bridges it."""

    async def open(self, media_id: str, on_audio: TakeAudio, *, audio_ended: asyncio.Event) -> MediaStream:
        """Makes the channel `media_id` and connects to it. Audio comes once it is bridged.

        Sets `audio_ended` when no more audio will come, whoever ended it.
        Raises AudioUnavailable, ChannelGone, AsteriskUnavailable, RequestRefused; then no channel is left.
        """
        ...

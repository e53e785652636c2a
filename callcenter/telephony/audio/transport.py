"""The protocol of media transports, which carry a channel's audio from Asterisk to the controller.

There are two transports: websocket.py, which the controller uses, and audiosocket.py, which bench/soak.py compares
with it.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from callcenter.core.errors import CallcenterError

FORMAT = "slin"
"""Signed linear PCM, 16 bit, 8000 samples a second: the rate of a telephone call, so nothing is resampled."""

TakeAudio = Callable[[bytes], None]
"""Receives the next samples (little-endian). Called in the event loop; must neither block nor raise."""


class AudioUnavailable(CallcenterError):
    """Asterisk sends no audio of a channel."""


class MediaRequests(Protocol):
    """The ARI requests that a transport needs. AudioAriClient implements them.

    Every request raises ChannelGone, AsteriskUnavailable, RequestRefused.
    """

    async def start_media(self, media_id: str, **parameters: str) -> None: ...

    async def evaluate(self, channel_id: str, expression: str) -> str: ...

    async def remove_channel(self, channel_id: str) -> None: ...


class MediaStream(Protocol):
    """One open connection to a media channel."""

    async def close(self) -> None:
        """Closes the connection; Asterisk then removes the media channel. Repeated calls are harmless."""
        ...


class Transport(Protocol):
    """Creates media channels. The code that opens one waits until it enters our application, and bridges it."""

    async def open(self, media_id: str, on_audio: TakeAudio, *, audio_ended: asyncio.Event) -> MediaStream:
        """Creates the channel `media_id` and connects to it. Audio arrives once the channel is bridged.

        Sets `audio_ended` when no more audio will come, whichever side ended the stream.
        Raises AudioUnavailable, ChannelGone, AsteriskUnavailable, RequestRefused. On failure the channel is removed.
        """
        ...

"""Taps: the live audio of one side of a channel, in our application, in the queue or in a talk with a dispatcher.

A tap consists of three Asterisk objects: a snoop channel, a media channel to the controller, and a bridge of the two.

- The snooped channel is not touched: playback, recording and hand-over work as without a tap, and the tap survives when
  the channel leaves our application.
- A snoop channel has its own clock, so audio arrives evenly even while the caller's phone sends nothing.
- We create the three objects under ids with our prefix and remove them. Asterisk removes only the snoop channel, when
  the snooped channel ends. After a reconnect, `remove_strays` removes objects with the prefix that belong to no tap.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import structlog

from callcenter.conducting.ports import CallMetrics, ChannelGone, NoMetrics
from callcenter.core.errors import AsteriskUnavailable
from callcenter.core.ids import new_id
from callcenter.telephony.ari.client import RequestRefused
from callcenter.telephony.ari.generated import Application, Event, StasisEnd, StasisStart
from callcenter.telephony.audio.requests import HandedOverCall
from callcenter.telephony.audio.transport import AudioUnavailable, MediaStream, TakeAudio, Transport

log = structlog.get_logger()

TAP_ID_PREFIX = "tap-"
"""Prefix of the ids of all channels and bridges of taps."""
ENTER_SECONDS = 2.0
"""Seconds for the snoop channel and the media channel to enter our application."""
FIRST_AUDIO_SECONDS = 0.5
"""Seconds to wait for the first audio. It arrives 20 ms after the bridge is created, or never."""
STALL_SECONDS = 1.0
"""Seconds without audio after which a stream counts as stalled. A snoop channel sends a packet every 20 ms whatever the
caller's phone sends, and a pause this long does not end without a new tap."""
_LOOP_LAG_SECONDS = 0.2
"""When a stall check runs later than this, in seconds, the event loop was blocked and the check proves nothing."""
ATTEMPTS = 3
"""How many times `Taps.open` tries."""


class ChannelSide(StrEnum):
    """The direction of a channel's audio, as Asterisk names it."""

    SPY_IN = "in"
    """Audio that the channel's phone sends: what the person says."""
    SPY_OUT = "out"
    """Audio that the channel's phone receives: what the person hears."""


class TapRequests(Protocol):
    """The ARI requests that taps need. AudioAriClient implements them."""

    async def read_application(self) -> Application: ...

    async def list_handed_over_calls(self) -> Sequence[HandedOverCall]: ...

    async def start_snoop(self, channel_id: str, *, snoop_id: str, spy: str) -> None: ...

    async def bridge_channels(self, bridge_id: str, *channel_ids: str) -> None: ...

    async def remove_channel(self, channel_id: str) -> None: ...

    async def remove_bridge(self, bridge_id: str) -> None: ...


@dataclass(eq=False, slots=True)
class Tap:
    """An open tap on one side of one channel. Created by `Taps.open`."""

    id: str
    audio_ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when no more audio will come: the tap was closed, a channel ended, the connection broke, or the stream
    stalled."""
    stream: MediaStream | None = None
    last_audio_at: float = 0.0
    """When audio last arrived, in the event loop's time (seconds)."""

    @property
    def snoop_id(self) -> str:
        return f"{self.id}-snoop"

    @property
    def media_id(self) -> str:
        return f"{self.id}-media"

    @property
    def bridge_id(self) -> str:
        return f"{self.id}-bridge"


class Taps:
    """All taps of one application. The controller passes every ARI event to `handle_event` first."""

    def __init__(self, ari: TapRequests, transport: Transport, *, measures: CallMetrics | None = None) -> None:
        self._ari = ari
        self._measures = measures or NoMetrics()
        self._transport = transport
        self._taps: dict[str, Tap] = {}
        self._entering: dict[str, asyncio.Future[None]] = {}
        self.silent_streams = 0
        """Number of streams that never carried audio, or stalled."""

    def handle_event(self, event: Event) -> bool:
        """True when the event concerns a tap's channel and needs no other handling."""
        if not isinstance(event, StasisStart | StasisEnd) or not event.channel.id.startswith(TAP_ID_PREFIX):
            return False
        channel_id = event.channel.id
        if isinstance(event, StasisStart):
            entrance = self._entering.get(channel_id)
            if entrance is not None and not entrance.done():
                entrance.set_result(None)
        else:
            tap = self._taps.get(channel_id.rpartition("-")[0])
            if tap is not None:
                tap.audio_ended.set()
        return True

    async def open(self, channel_id: str, side: ChannelSide, take: TakeAudio) -> Tap:
        """Opens a tap on `channel_id` and returns when its first audio has arrived. Retries when no audio arrives.

        The calling code waits for `Tap.audio_ended`, then calls `close`.
        Raises ChannelGone (the channel has ended), AudioUnavailable, AsteriskUnavailable, RequestRefused. On
        failure everything created for the tap is removed.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._open(channel_id, side, take)
            except AudioUnavailable as error:
                self._count_silent()
                log.warning("a media stream stayed silent", channel=channel_id, why=str(error))
        return await self._open(channel_id, side, take)

    async def _open(self, channel_id: str, side: ChannelSide, take: TakeAudio) -> Tap:
        tap = Tap(f"{TAP_ID_PREFIX}{new_id()}")
        self._taps[tap.id] = tap
        first = asyncio.Event()
        loop = asyncio.get_running_loop()

        def take_timed(samples: bytes) -> None:
            tap.last_audio_at = loop.time()
            first.set()
            take(samples)

        for entering in (tap.snoop_id, tap.media_id):
            self._entering[entering] = loop.create_future()
        try:
            tap.stream = await self._transport.open(tap.media_id, take_timed, audio_ended=tap.audio_ended)
            await self._ari.start_snoop(channel_id, snoop_id=tap.snoop_id, spy=side)
            await _wait_all(ENTER_SECONDS, self._entering[tap.snoop_id], self._entering[tap.media_id])
            await self._ari.bridge_channels(tap.bridge_id, tap.snoop_id, tap.media_id)
            async with asyncio.timeout(FIRST_AUDIO_SECONDS):
                await first.wait()
        except BaseException as error:
            await self.close(tap)
            if isinstance(error, TimeoutError):
                raise AudioUnavailable(f"no audio of {channel_id} came") from error
            raise
        finally:
            for entering in (tap.snoop_id, tap.media_id):
                del self._entering[entering]
        self._check_stall(tap, loop.time())
        return tap

    async def close(self, tap: Tap) -> None:
        """Removes the tap's channels and its bridge. Repeated calls, or calls after the channel's end, are harmless."""
        self._taps.pop(tap.id, None)
        tap.audio_ended.set()
        if tap.stream is not None:
            await tap.stream.close()
        await self._remove(channels=(tap.snoop_id, tap.media_id), bridges=(tap.bridge_id,))

    async def list_handed_over_calls(self) -> Sequence[HandedOverCall]:
        """See AudioAriClient. Raises ChannelGone, AsteriskUnavailable, RequestRefused."""
        return await self._ari.list_handed_over_calls()

    async def remove_strays(self) -> None:
        """Removes channels and bridges that have the prefix MARK and belong to no open tap.

        Raises ChannelGone, AsteriskUnavailable, RequestRefused.
        """
        application = await self._ari.read_application()
        await self._remove(
            channels=self._find_strays(application.channel_ids), bridges=self._find_strays(application.bridge_ids)
        )

    def _check_stall(self, tap: Tap, due: float) -> None:
        """Ends the tap when its stream has stalled; else schedules the next check. `due`: when this check was due."""
        if tap.audio_ended.is_set():
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        late = now - due
        left = tap.last_audio_at + STALL_SECONDS - now
        if late > _LOOP_LAG_SECONDS:
            left = STALL_SECONDS  # audio that arrived while the loop was blocked has not been read yet
        if left > 0:
            loop.call_at(now + left, self._check_stall, tap, now + left)
            return
        self._count_silent()
        log.warning("a media stream stalled", tap=tap.id)
        tap.audio_ended.set()

    def _count_silent(self) -> None:
        self.silent_streams += 1
        self._measures.count_silent_stream()

    def _find_strays(self, ids: Iterable[str]) -> list[str]:
        return [name for name in ids if name.startswith(TAP_ID_PREFIX) and name.rpartition("-")[0] not in self._taps]

    async def _remove(self, *, channels: Sequence[str], bridges: Sequence[str]) -> None:
        for channel_id in channels:
            with contextlib.suppress(ChannelGone, AsteriskUnavailable, RequestRefused):  # see remove_strays
                await self._ari.remove_channel(channel_id)
        for bridge_id in bridges:
            with contextlib.suppress(ChannelGone, AsteriskUnavailable, RequestRefused):
                await self._ari.remove_bridge(bridge_id)


async def _wait_all(seconds: float, *entrances: asyncio.Future[None]) -> None:
    async with asyncio.timeout(seconds):
        await asyncio.gather(*entrances)

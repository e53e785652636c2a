"""Asterisk's side of a tap, played by a test."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from callcenter.conducting.ports import ChannelGone
from callcenter.telephony.ari.generated import Application, Event, parse_event
from callcenter.telephony.audio.requests import HandedOverCall
from callcenter.telephony.audio.transport import TakeAudio
from tests.stand_ins.ari_channels import Channel

PACKET = b"\1\2" * 160


def channel_event(kind: str, channel_id: str) -> Event:
    message = {"type": kind, "application": "callcenter", "timestamp": "", "args": []}
    event = parse_event({**message, "channel": Channel(channel_id, "", "Snoop/x").model})
    assert event is not None
    return event


@dataclass
class StandInLine:
    """Asterisk's side of taps: requests and transport in one. The first `silent` streams give no audio."""

    silent: int = 0
    enters: bool = True
    failure: Exception | None = None
    fails_at: str = ""
    things: set[str] = field(default_factory=set)
    takes: list[TakeAudio] = field(default_factory=list)
    overs: list[asyncio.Event] = field(default_factory=list)
    closed: int = 0
    talks: tuple[HandedOverCall, ...] = ()
    deliver: Callable[[Event], bool] = bool

    async def open(self, media_id: str, on_audio: TakeAudio, *, audio_ended: asyncio.Event) -> "StandInLine":
        self._fail("media")
        self.takes.append(on_audio)
        self.overs.append(audio_ended)
        self._enter(media_id)
        return self

    async def close(self) -> None:
        self.closed += 1

    async def read_application(self) -> Application:
        bridges = tuple(name for name in self.things if "bridge" in name)
        channels = tuple(self.things - set(bridges))
        return Application("callcenter", channels, bridges, (), (), (), ())

    async def list_handed_over_calls(self) -> tuple[HandedOverCall, ...]:
        self._fail("talks")
        return self.talks

    async def start_snoop(self, channel_id: str, *, snoop_id: str, spy: str) -> None:
        self._fail("snoop")
        self._enter(snoop_id)

    async def bridge_channels(self, bridge_id: str, *channel_ids: str) -> None:
        self.things.add(bridge_id)
        self._fail("join")
        if self.silent:
            self.silent -= 1
        else:
            self.takes[-1](PACKET)

    async def remove_channel(self, channel_id: str) -> None:
        await self.remove_bridge(channel_id)

    async def remove_bridge(self, bridge_id: str) -> None:
        if bridge_id not in self.things:
            raise ChannelGone(bridge_id)
        self.things.discard(bridge_id)

    def _enter(self, channel_id: str) -> None:
        self.things.add(channel_id)
        if self.enters:  # as often in life: before the reply
            self.deliver(channel_event("StasisStart", channel_id))

    def _fail(self, request: str) -> None:
        if self.failure is not None and request == self.fails_at:
            raise self.failure

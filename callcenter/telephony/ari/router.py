"""Translates ARI events into letters for the mailbox of their call."""

from collections.abc import Callable
from typing import assert_never

import structlog

from callcenter.conducting.caller import Arrival
from callcenter.conducting.mailbox import Key, Left, Letter, SoundEnded
from callcenter.core.clock import Clock
from callcenter.core.phone_numbers import parse_phone
from callcenter.telephony.ari.generated import (
    ApplicationReplaced,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    Event,
    PlaybackFinished,
    StasisEnd,
    StasisStart,
)

log = structlog.get_logger()

INBOUND = "inbound"


class Playbacks:
    """Maps the id of each unfinished playback to its call."""

    def __init__(self) -> None:
        self._calls: dict[str, str] = {}

    def __len__(self) -> int:
        """The number of unfinished playbacks."""
        return len(self._calls)

    def expect(self, playback_id: str, call_id: str) -> None:
        """Registers a playback. Call it before the request: `PlaybackFinished` may arrive before the reply."""
        self._calls[playback_id] = call_id

    def forget(self, playback_id: str) -> str | None:
        """Removes the playback; returns the id of its call, or None when the playback is unknown."""
        return self._calls.pop(playback_id, None)

    def forget_call(self, call_id: str) -> None:
        for playback_id in [name for name, call in self._calls.items() if call == call_id]:
            del self._calls[playback_id]


class Router:
    """Passes new calls to `admit`, and letters for known calls to `post`. Keeps no state of calls itself."""

    def __init__(
        self,
        playbacks: Playbacks,
        *,
        admit: Callable[[Arrival], None],
        post: Callable[[str, Letter], None],
        clock: Clock,
    ) -> None:
        self._playbacks = playbacks
        self._admit = admit
        self._post = post
        self._clock = clock

    def route_event(self, event: Event) -> None:
        match event:
            case StasisStart():
                self._admit_call(event)
            case ChannelDtmfReceived():
                self._post(event.channel.id, Key(event.digit, self._clock.monotonic()))
            case PlaybackFinished(playback=playback):
                call_id = self._playbacks.forget(playback.id)
                if call_id is None:
                    log.debug("the end of an unknown playback", playback=playback.id)
                    return
                self._post(call_id, SoundEnded(playback.id, failed=playback.state == "failed"))
            case StasisEnd() | ChannelHangupRequest():
                self._post(event.channel.id, Left())
            case ApplicationReplaced():
                pass  # handled by AriClient
            case _:
                assert_never(event)

    def _admit_call(self, event: StasisStart) -> None:
        if event.args[:1] != (INBOUND,):
            log.debug("a channel of ours came in", channel=event.channel.name)
            return
        shown = event.channel.caller.number
        self._admit(
            Arrival(
                call_id=event.channel.id,
                dialled=event.args[1] if len(event.args) > 1 else "",
                caller_shown=shown,
                caller_number=parse_phone(shown),
                at=self._clock.now(),
            )
        )

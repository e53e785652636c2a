"""Channels and playbacks of the stand-in Asterisk, with what their caller hears."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Playback:
    id: str
    media: str
    channel: "Channel"
    seconds: float
    state: str = "queued"
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def model(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "media_uri": self.media,
            "target_uri": f"channel:{self.channel.id}",
            "language": "ru",
            "state": self.state,
        }


@dataclass
class Channel:
    """A channel, and what its caller heard. `place` is `application`, a context of the dialplan, or `hung up`."""

    id: str
    number: str
    name: str
    place: str = "application"
    variables: dict[str, str] = field(default_factory=dict)
    renewals: int = 0
    waits_ended: int = 0
    """How often its wait in the queue was ended; the real dialplan puts it there again."""
    played: list[Playback] = field(default_factory=list)
    queued: list[Playback] = field(default_factory=list)
    """Playbacks not over yet, the first of them sounding."""
    silence: bool = False
    unsent_since: float | None = None
    unsent_seconds: float = 0.0
    """How long nothing was sent to the caller while the channel was ours: what a recording may lose."""
    deleted: bool = False
    lease: asyncio.TimerHandle | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def model(self) -> dict[str, Any]:
        dialplan = {
            "context": "inbound",
            "exten": "s",
            "priority": 7,
            "app_name": "Stasis",
            "app_data": "callcenter,inbound",
        }
        return {
            "id": self.id,
            "protocol_id": "stand-in",
            "name": self.name,
            "state": "Up",
            "caller": {"name": "", "number": self.number},
            "connected": {"name": "", "number": ""},
            "accountcode": "",
            "dialplan": dialplan,
            "creationtime": "2026-11-24T09:00:00.000+0300",
            "language": "ru",
        }

    def note_sending(self) -> None:
        """Keeps the count of seconds in which nothing is sent."""
        sending = self.silence or bool(self.queued) or self.place != "application"
        now = time.monotonic()
        if sending and self.unsent_since is not None:
            self.unsent_seconds += now - self.unsent_since
            self.unsent_since = None
        elif not sending and self.unsent_since is None:
            self.unsent_since = now

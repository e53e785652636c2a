"""One call in a real Asterisk, with taps of each kind, and the sound that they give."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np

from callcenter.asterisk.asterisk import ARI_USER, BootParameters, write_rendered
from callcenter.instance.instance import Instance
from callcenter.telephony.ari.generated import Event, StasisStart
from callcenter.telephony.audio.audiosocket import AudioSocketTransport
from callcenter.telephony.audio.requests import AudioAriClient
from callcenter.telephony.audio.taps import Taps
from callcenter.telephony.audio.websocket import WebsocketTransport
from tools.softphone.call import Call
from tools.softphone.phone import Softphone

TRANSPORTS = ("websocket", "audiosocket")
LOUD = 2000
"""A sample above this is the caller's tone."""


def configure(instance: Instance, boot: BootParameters) -> list[str]:
    """The centre's configuration and AudioSocket."""
    changed = write_rendered(instance, boot)
    modules = instance.layout.asterisk_etc / "modules.conf"
    modules.write_text(modules.read_text() + "\nload = res_audiosocket.so\nload = chan_audiosocket.so\n")
    return changed


@dataclass
class Line:
    """One call in our application, and taps of each kind."""

    ari: AudioAriClient
    call: Call
    channel_id: str
    taps: dict[str, Taps]

    async def count_leftovers(self) -> int:
        """Channels and bridges in our application beside the call."""
        application = await self.ari.read_application()
        return len(set(application.channel_ids) - {self.channel_id}) + len(application.bridge_ids)

    async def nothing_is_left(self) -> None:
        """Asterisk answers a hang-up before the channel is quite gone."""
        async with asyncio.timeout(10):
            while await self.count_leftovers():  # noqa: ASYNC110 - Asterisk's state, not ours
                await asyncio.sleep(0.02)


@dataclass
class Router:
    """Hands events to all taps and keeps the arrivals."""

    taps: list[Taps] = field(default_factory=list)
    arrivals: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    def take(self, event: Event) -> None:
        taken = [taps.handle_event(event) for taps in self.taps]
        if not any(taken) and isinstance(event, StasisStart):
            self.arrivals.put_nowait(event.channel.id)


@asynccontextmanager
async def open_line(instance: Instance) -> AsyncIterator[Line]:
    address = f"http://127.0.0.1:{instance.ports.asterisk_http}"
    password = instance.secrets.ari_password
    resident = instance.secrets.resident
    router, connected = Router(), asyncio.Event()

    async def note_connected() -> None:
        connected.set()

    async with (
        AudioAriClient(address, user=ARI_USER, password=password, application="callcenter") as ari,
        AudioSocketTransport(ari) as audiosocket,
        Softphone(("127.0.0.1", instance.ports.sip), user=resident.name, password=resident.password) as phone,
        asyncio.TaskGroup() as group,
    ):
        following = group.create_task(ari.stream_events(router.take, on_connected=note_connected))
        async with asyncio.timeout(10):
            await connected.wait()
            await phone.register()
            call = await phone.call(instance.settings.company.number)
            channel_id = await router.arrivals.get()
        await ari.set_variable(channel_id, "TIMEOUT(absolute)", "0")  # nobody renews the lease here
        websocket = WebsocketTransport(ari, address=address, user=ARI_USER, password=password)
        taps = {"websocket": Taps(ari, websocket), "audiosocket": Taps(ari, audiosocket)}
        router.taps += taps.values()
        try:
            yield Line(ari, call, channel_id, taps)
        finally:
            await call.hang_up()
            for each in taps.values():  # what a failed test left
                await each.remove_strays()
            following.cancel()


@dataclass
class Sound:
    """What came, with the moments it came at."""

    frames: list[tuple[float, bytes]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def handle_recognition(self, samples: bytes) -> None:
        self.frames.append((time.monotonic(), samples))
        self.news.set()

    async def grows_loud(self, *, since: float, within: float = 3.0) -> float:
        """When the first loud frame after `since` came."""
        seen = 0
        async with asyncio.timeout(within):
            while True:
                for at, samples in self.frames[seen:]:
                    if at > since and np.abs(np.frombuffer(samples, "<i2").astype(np.int32)).max() > LOUD:
                        return at
                seen = len(self.frames)
                self.news.clear()
                await self.news.wait()

    async def lasts(self, seconds: float) -> int:
        """How many frames come in so many seconds."""
        before = len(self.frames)
        await asyncio.sleep(seconds)
        return len(self.frames) - before

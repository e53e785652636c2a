"""A real Asterisk of the tests' own, with AudioSocket loaded beside what the centre loads, and a caller in it."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from callcenter.asterisk.asterisk import ARI_USER, Asterisk, BootParameters, write_rendered
from callcenter.instance.instance import Instance, open_instance
from callcenter.settings import Settings
from callcenter.telephony.ari.generated import Event, StasisStart
from callcenter.telephony.audio.audiosocket import AudioSocketTransport
from callcenter.telephony.audio.requests import AudioAriClient
from callcenter.telephony.audio.taps import Taps
from callcenter.telephony.audio.websocket import WebsocketTransport
from tools.softphone.call import Call
from tools.softphone.phone import Softphone

TRANSPORTS = ("websocket", "audiosocket")


def configure(instance: Instance, boot: BootParameters) -> list[str]:
    """The centre's configuration and AudioSocket."""
    changed = write_rendered(instance, boot)
    modules = instance.layout.asterisk_etc / "modules.conf"
    modules.write_text(modules.read_text() + "\nload = res_audiosocket.so\nload = chan_audiosocket.so\n")
    return changed


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    home = Path(tempfile.mkdtemp(prefix="cc-"))
    home.chmod(0o711)
    instance = open_instance(home=home / "one", settings=Settings())
    asterisk = Asterisk(instance, configure=configure, die_with_parent=True)
    try:
        asterisk.ensure_running()
        yield instance
    finally:
        asterisk.stop()
        shutil.rmtree(home)


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


@pytest.fixture
async def line(instance: Instance) -> AsyncIterator[Line]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(open_line(instance))


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

"""Does every stream of live audio speak, and go on speaking? Both transports for an hour, thirty streams each.

    python -m bench.soak [--streams 30] [--minutes 60] [--callers 6] [--transports websocket,audiosocket]

Callers (our softphone, each a steady tone) in a real Asterisk of its own on this machine; every stream hears one of
them. A third of the streams stay for the whole time, the others are closed after 20 to 100 seconds and opened anew, as
calls come and go. Prints a line a transport every five minutes and at the end:

* opens: how often a stream was opened, and how long that took;
* silent: streams that gave no audio within half a second, or no packet for a second, or nothing but quiet while
  another stream of the same caller was loud. Must be 0. What each was like goes to standard error at once;
* packets: received, of one every 20 ms; the longest pause between two of them. A machine that has no processor for
  us makes pauses too: the longest hitch is how late this program itself was woken.

Run it where it gets its processor (on a machine that others use, by `chrt -r 1`). Exit 1 when a stream was silent.
"""

import argparse
import asyncio
import logging
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import structlog

from callcenter.asterisk.asterisk import ARI_USER, Asterisk
from callcenter.conducting.ports import ChannelGone
from callcenter.core.errors import AsteriskUnavailable
from callcenter.instance.instance import Instance, open_instance
from callcenter.settings import Settings
from callcenter.telephony.ari.client import RequestRefused
from callcenter.telephony.audio.audiosocket import AudioSocketTransport
from callcenter.telephony.audio.requests import AudioAriClient
from callcenter.telephony.audio.taps import ChannelSide, Taps
from callcenter.telephony.audio.transport import AudioUnavailable
from callcenter.telephony.audio.websocket import WebsocketTransport
from tests.telephony.audio.real_line import TRANSPORTS, Router, configure
from tools.softphone.phone import Softphone

_LOUD = 1000
_QUIET_SECONDS = 1.5
_LOOK_SECONDS = 0.25
_SHORT_LIFE = (20.0, 100.0)
_PERMANENT_EVERY = 3
"""One stream in so many stays for the whole time."""
_REPORT_SECONDS = 300.0
_PACKET_SECONDS = 0.02


@dataclass
class Count:
    """What the streams of one transport came to."""

    name: str
    opening: list[float] = field(default_factory=list)
    silent: int = 0
    packets: int = 0
    seconds: float = 0.0
    longest_pause: float = 0.0
    longest_hitch: float = 0.0

    def __str__(self) -> str:
        wanted = max(self.seconds / _PACKET_SECONDS, 1)
        return (
            f"{self.name:12} opens {len(self.opening)}: p50 {_describe(self.opening, 50)} p95"
            f" {_describe(self.opening, 95)} ms · silent {self.silent} · {self.seconds / 3600:.1f} hours of streams ·"
            f" packets {100 * self.packets / wanted:.2f} % · longest pause {self.longest_pause * 1000:.0f},"
            f" hitch {self.longest_hitch * 1000:.0f} ms"
        )


@dataclass
class Caller:
    """One who never stops."""

    channel_id: str
    loud_at: float = 0.0
    """When any stream last heard them."""


class Stream:
    """What one open tap has given. Nothing is kept but the newest packet."""

    def __init__(self, caller: Caller) -> None:
        self.packets = 0
        self.longest_pause = 0.0
        self.came_at = self.loud_at = time.monotonic()
        self._caller = caller
        self._newest = b""

    def take(self, samples: bytes) -> None:
        now = time.monotonic()
        if self.packets:
            self.longest_pause = max(self.longest_pause, now - self.came_at)
        self.came_at = now
        self.packets += 1
        self._newest = samples

    def measure_deafness(self) -> float:
        """Seconds for which others have heard the caller and this stream has not."""
        sound = np.frombuffer(self._newest, "<i2")
        if len(sound) and int(np.abs(sound.astype(np.int32)).max()) > _LOUD:
            self.loud_at = self.came_at
            self._caller.loud_at = max(self._caller.loud_at, self.came_at)
        return min(self._caller.loud_at, self.came_at) - self.loud_at


async def keep_open(taps: Taps, count: Count, caller: Caller, *, stays: bool, until: float) -> None:
    """One stream after another, until the end. A silent one is counted and made anew."""
    await asyncio.sleep(random.uniform(0, 10))
    while time.monotonic() < until:
        life = until - time.monotonic() if stays else random.uniform(*_SHORT_LIFE)
        await live_once(taps, count, caller, until=min(time.monotonic() + life, until))


async def live_once(taps: Taps, count: Count, caller: Caller, *, until: float) -> None:
    stream, began, silent = Stream(caller), time.monotonic(), taps.silent_streams
    try:
        tap = await taps.open(caller.channel_id, ChannelSide.SPY_IN, stream.take)
    except (AudioUnavailable, ChannelGone, AsteriskUnavailable, RequestRefused) as error:
        complain(count, f"did not open: {error}")
        await asyncio.sleep(1)
        return
    count.opening.append(time.monotonic() - began)
    if taps.silent_streams > silent:
        complain(count, "no first audio, made anew")
    opened_at = stream.loud_at = time.monotonic()
    while time.monotonic() < until and not tap.audio_ended.is_set() and stream.measure_deafness() < _QUIET_SECONDS:
        looked_at = time.monotonic()
        await asyncio.sleep(_LOOK_SECONDS)
        count.longest_hitch = max(count.longest_hitch, time.monotonic() - looked_at - _LOOK_SECONDS)
    lived = time.monotonic() - opened_at
    if tap.audio_ended.is_set():
        complain(count, f"stopped after {lived:.2f} s and {stream.packets} packets")
    elif stream.measure_deafness() >= _QUIET_SECONDS:
        complain(
            count, f"nothing but quiet for {stream.measure_deafness():.2f} of {lived:.2f} s, {stream.packets} packets"
        )
    count.packets += stream.packets
    count.seconds += lived
    count.longest_pause = max(count.longest_pause, stream.longest_pause)
    await taps.close(tap)


def complain(count: Count, why: str) -> None:
    count.silent += 1
    print(f"{time.strftime('%H:%M:%S')} {count.name}: {why}", file=sys.stderr, flush=True)


async def report(counts: Sequence[Count]) -> None:
    while True:
        await asyncio.sleep(_REPORT_SECONDS)
        for count in counts:
            print(f"{time.strftime('%H:%M:%S')} {count}", flush=True)


async def soak(instance: Instance, *, names: Sequence[str], streams: int, callers: int, seconds: float) -> list[Count]:
    address = f"http://127.0.0.1:{instance.ports.asterisk_http}"
    password, resident = instance.secrets.ari_password, instance.secrets.resident
    router, connected = Router(), asyncio.Event()

    async def note_connected() -> None:
        connected.set()

    async with AsyncExitStack() as stack:
        ari = await stack.enter_async_context(
            AudioAriClient(address, user=ARI_USER, password=password, application="callcenter")
        )
        audiosocket = await stack.enter_async_context(AudioSocketTransport(ari))
        websocket = WebsocketTransport(ari, address=address, user=ARI_USER, password=password)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        following = group.create_task(ari.stream_events(router.take, on_connected=note_connected))
        await asyncio.wait_for(connected.wait(), 10)
        phone = await stack.enter_async_context(
            Softphone(("127.0.0.1", instance.ports.sip), user=resident.name, password=resident.password)
        )
        await phone.register()
        people = []
        for _ in range(callers):
            call = await phone.call(instance.settings.company.number)
            person = Caller(await asyncio.wait_for(router.arrivals.get(), 10))
            people.append(person)
            await ari.set_variable(person.channel_id, "TIMEOUT(absolute)", "0")  # nobody renews the lease here
            call.tone(1000)
        transports = {"websocket": Taps(ari, websocket), "audiosocket": Taps(ari, audiosocket)}
        router.taps += transports.values()
        counts = {name: Count(name) for name in names}
        reporting = group.create_task(report(list(counts.values())))
        until = time.monotonic() + seconds
        await asyncio.gather(
            *(
                keep_open(
                    transports[name],
                    counts[name],
                    people[number % callers],
                    stays=not number % _PERMANENT_EVERY,
                    until=until,
                )
                for name in names
                for number in range(streams)
            )
        )
        reporting.cancel()
        following.cancel()
    return list(counts.values())


def _describe(seconds: list[float], percent: int) -> str:
    if len(seconds) < 2:
        return "?"
    return f"{statistics.quantiles(seconds, n=100, method='inclusive')[percent - 1] * 1000:.0f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=30, help="of each transport")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--callers", type=int, default=6)
    parser.add_argument("--transports", type=lambda text: text.split(","), default=list(TRANSPORTS))
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    home = Path(tempfile.mkdtemp(prefix="cc-"))
    home.chmod(0o711)
    instance = open_instance(home=home / "one", settings=Settings())
    asterisk = Asterisk(instance, configure=configure, die_with_parent=True, progress=lambda _: None)
    try:
        asterisk.ensure_running()
        counts = asyncio.run(
            soak(
                instance,
                names=arguments.transports,
                streams=arguments.streams,
                callers=arguments.callers,
                seconds=arguments.minutes * 60,
            )
        )
    finally:
        asterisk.stop()
        shutil.rmtree(home)
    for count in counts:
        print(count)
    return 1 if any(count.silent for count in counts) else 0


if __name__ == "__main__":
    sys.exit(main())

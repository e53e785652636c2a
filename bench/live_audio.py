"""How soon a caller's sound reaches us, how long a tap takes to open, and how many streams stay silent or stall.

    python -m bench.live_audio [OPENS] [--jitter-buffer]

A real caller (our softphone) in a real Asterisk of its own on this machine. Prints one line a transport. Latency is
from the first loud RTP packet leaving the caller to the first loud samples here; with the jitter buffer that the
centre's endpoints have, it is what the caller's network costs, too.
"""

import argparse
import asyncio
import contextlib
import logging
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import structlog

from callcenter.asterisk.asterisk import Asterisk, BootParameters
from callcenter.instance.instance import Instance, open_instance
from callcenter.settings import Settings
from callcenter.telephony.audio.taps import ChannelSide, Taps
from tests.telephony.audio.real_line import TRANSPORTS, Line, Sound, configure, open_line

_LINE_SILENCE = 0xD5


def configure_without_jitter_buffer(instance: Instance, boot: BootParameters) -> list[str]:
    changed = configure(instance, boot)
    endpoints = instance.layout.asterisk_etc / "pjsip.conf"
    endpoints.write_text(endpoints.read_text().replace("set_var=JITTERBUFFER(adaptive)=default", ""))
    return changed


def note_loud_packets(line: Line) -> list[float]:
    """When each packet that holds sound leaves the caller."""
    sent: list[float] = []
    send = line.call.audio._send

    def noting(number: int, timestamp: int, payload: bytes, *, marked: bool) -> None:
        send(number, timestamp, payload, marked=marked)
        if payload.count(_LINE_SILENCE) < len(payload) // 2:
            sent.append(time.monotonic())

    line.call.audio._send = noting  # type: ignore[method-assign]
    return sent


async def measure(line: Line, taps: Taps, *, opens: int) -> str:
    sent = note_loud_packets(line)
    opening, late, stalled = [], [], 0
    for _ in range(opens):
        sound = Sound()
        began = time.monotonic()
        tap = await taps.open(line.channel_id, ChannelSide.SPY_IN, sound.handle_recognition)
        opening.append(time.monotonic() - began)
        await sound.lasts(0.2)
        sent.clear()
        began = time.monotonic()
        line.call.tone(1000)
        with contextlib.suppress(TimeoutError):
            late.append(await sound.grows_loud(since=began) - sent[0])
        line.call.quiet()
        await sound.lasts(0.15)
        stalled += tap.audio_ended.is_set()
        await taps.close(tap)
    left = await line.count_leftovers()
    return (
        f"opens {opens}: p50 {describe(opening, 50)} p95 {describe(opening, 95)} ms · latency p50 {describe(late, 50)}"
        f" p95 {describe(late, 95)} max {max(late) * 1000:.0f} ms · silent or stalled {taps.silent_streams} of"
        f" {opens + taps.silent_streams - stalled} · left behind {left}"
    )


def describe(seconds: list[float], percent: int) -> str:
    return f"{statistics.quantiles(seconds, n=100, method='inclusive')[percent - 1] * 1000:.0f}"


async def run(instance: Instance, opens: int) -> None:
    for name in TRANSPORTS:
        async with open_line(instance) as line:
            print(f"{name:12} {await measure(line, line.taps[name], opens=opens)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("opens", nargs="?", type=int, default=30)
    parser.add_argument("--jitter-buffer", action="store_true", help="with the endpoints' own jitter buffer")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    home = Path(tempfile.mkdtemp(prefix="cc-"))
    home.chmod(0o711)
    instance = open_instance(home=home / "one", settings=Settings())
    way = configure if arguments.jitter_buffer else configure_without_jitter_buffer
    asterisk = Asterisk(instance, configure=way, die_with_parent=True, progress=lambda _: None)
    try:
        asterisk.ensure_running()
        asyncio.run(run(instance, arguments.opens))
    finally:
        asterisk.stop()
        shutil.rmtree(home)


if __name__ == "__main__":
    main()

"""Places the RTP packets of a call on a time line, and measures gaps and inter-arrival times.

A packet is placed by its RTP timestamp relative to the first packet of its run, so that jitter does not distort the
sound. A new run begins when timestamps and arrival times disagree. So a lost packet is silence, a reordered packet is
in its place, and a pause of the sender keeps its length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tools.softphone.g711 import RATE, Samples, decode_alaw

TRUST = int(0.4 * RATE)
"""Samples by which timestamp and arrival may differ, e.g. while a stalled sender catches up, before a new run."""
FRESH_TRUST = int(0.03 * RATE)
"""The same for a packet with the marker bit, by which the sender announces a new talkspurt."""


@dataclass(frozen=True, slots=True)
class Packet:
    """An RTP packet. `at`: arrival as `time.monotonic()`, from the kernel's timestamp. Key packets have no payload."""

    at: float
    sequence: int
    timestamp: int
    source: int
    payload: bytes
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A pause of `seconds` without a packet, from `second` of the call on."""

    second: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """Statistics of inter-arrival times in seconds, and of received and lost packets."""

    packets: int
    lost: int
    median: float
    p99: float
    longest: float


class Tape:
    """The received audio at 8 kHz. Sample 0 is the moment `zero` (`time.monotonic()`); missing packets are silence."""

    def __init__(self, *, zero: float) -> None:
        self._zero = zero
        self._sound = np.zeros(30 * RATE, dtype=np.int16)
        self._taken = 0
        self._first: Packet | None = None
        self._start = 0

    def take(self, packets: Sequence[Packet]) -> None:
        """Adds the packets that are new since the last call; `packets` is the whole list, in order of arrival."""
        for packet in packets[self._taken :]:
            if packet.payload:
                self._lay(packet)
        self._taken = len(packets)

    def until(self, second: float) -> Samples:
        """Returns a copy of the audio from sample 0 to `second`."""
        length = max(int(second * RATE), 0)
        self._make_room(length)
        return self._sound[:length].copy()

    def _lay(self, packet: Packet) -> None:
        arrived = round((packet.at - self._zero) * RATE)
        first = self._first
        position = self._start + _ahead(packet.timestamp, first.timestamp) if first is not None else arrived
        trust = FRESH_TRUST if packet.marked else TRUST
        if first is None or packet.source != first.source or abs(position - arrived) > trust:
            self._first, self._start, position = packet, arrived, arrived
        samples = decode_alaw(packet.payload)
        begin, end = max(position, 0), max(position + len(samples), 0)
        self._make_room(end)
        self._sound[begin:end] = samples[begin - position :]

    def _make_room(self, length: int) -> None:
        if length > len(self._sound):
            self._sound = np.concatenate([self._sound, np.zeros(length, dtype=np.int16)])


def lay_out(packets: Sequence[Packet], *, zero: float, seconds: float) -> Samples:
    """Returns the audio of `packets`, as placed by Tape, with a length of `seconds`."""
    tape = Tape(zero=zero)
    tape.take(packets)
    return tape.until(seconds)


def find_gaps(packets: Sequence[Packet], *, zero: float, longer_than: float) -> list[Gap]:
    """Returns the pauses of more than `longer_than` seconds between two arrivals."""
    return [
        Gap(before.at - zero, after.at - before.at)
        for before, after in pairwise(packets)
        if after.at - before.at > longer_than
    ]


def measure_pace(packets: Sequence[Packet]) -> Pace:
    """Measures a stream of packets; with fewer than two packets, all times are 0."""
    lost = 0
    for before, after in pairwise(packets):
        if before.source == after.source:
            lost += _ahead(after.sequence, before.sequence, bits=16) - 1  # a reordered packet subtracts its loss again
    if len(packets) < 2:
        return Pace(len(packets), 0, 0.0, 0.0, 0.0)
    between = np.diff(np.array([packet.at for packet in packets]))
    return Pace(
        packets=len(packets),
        lost=max(lost, 0),
        median=float(np.median(between)),
        p99=float(np.percentile(between, 99)),
        longest=float(between.max()),
    )


def _ahead(later: int, earlier: int, *, bits: int = 32) -> int:
    """Difference `later` - `earlier` of a wrapping counter of `bits` bits; negative when `later` is behind."""
    half = 1 << (bits - 1)
    return ((later - earlier + half) % (1 << bits)) - half

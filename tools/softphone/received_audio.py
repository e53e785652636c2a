"""What arrived on a call's RTP port, laid out on the wall clock.

A packet is placed by its own timestamp relative to the first packet of its run, so that network jitter does not chop
the sound; but a run is trusted only while it agrees with the arrival times. So lost packets leave silence, reordered
ones land where they belong, and a pause of the sender is a pause of the same length here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tools.softphone.g711 import RATE, Samples, decode_alaw

TRUST = int(0.4 * RATE)
"""Samples by which a run may differ from its arrival times before it is laid anew: a stalled sender that catches up."""
FRESH_TRUST = int(0.03 * RATE)
"""The same for a packet with the marker bit: the sender says that a new run begins."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet: `at` is its arrival by `time.monotonic()`, stamped by the kernel; a key's packet has no payload."""

    at: float
    sequence: int
    timestamp: int
    source: int
    payload: bytes
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """No packet arrived for `seconds`, from `second` on (counted from the beginning of the call)."""

    second: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """How evenly packets came: seconds between arrivals, packets that never came."""

    packets: int
    lost: int
    median: float
    p99: float
    longest: float


class Tape:
    """The sound of packets in order of arrival, 8 kHz; sample 0 is the moment `zero`, silence where nothing came."""

    def __init__(self, *, zero: float) -> None:
        self._zero = zero
        self._sound = np.zeros(30 * RATE, dtype=np.int16)
        self._taken = 0
        self._first: Packet | None = None
        self._start = 0

    def take(self, packets: Sequence[Packet]) -> None:
        """Lays out what came since the last time; `packets` are all of them, from the first on."""
        for packet in packets[self._taken :]:
            if packet.payload:
                self._lay(packet)
        self._taken = len(packets)

    def until(self, second: float) -> Samples:
        """A copy of the sound from the moment zero to `second`."""
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
    """The whole sound of `packets`, as Tape lays it out."""
    tape = Tape(zero=zero)
    tape.take(packets)
    return tape.until(seconds)


def find_gaps(packets: Sequence[Packet], *, zero: float, longer_than: float) -> list[Gap]:
    """Every pause between two arrivals longer than `longer_than` seconds."""
    return [
        Gap(before.at - zero, after.at - before.at)
        for before, after in pairwise(packets)
        if after.at - before.at > longer_than
    ]


def measure_pace(packets: Sequence[Packet]) -> Pace:
    """Pace of a stream of at least two packets; of fewer all seconds are 0."""
    lost = 0
    for before, after in pairwise(packets):
        if before.source == after.source:
            lost += _ahead(after.sequence, before.sequence, bits=16) - 1  # a reordered packet takes its loss back
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
    """How far `later` is ahead of `earlier` on a counter that wraps; negative when behind."""
    half = 1 << (bits - 1)
    return ((later - earlier + half) % (1 << bits)) - half

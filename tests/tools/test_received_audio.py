"""Packets are laid out on the wall clock: loss, disorder, pauses and stalls end up where they were."""

import numpy as np
import pytest

from tools.softphone.g711 import RATE, encode_alaw
from tools.softphone.received_audio import Packet, find_gaps, lay_out, measure_pace

FRAME = 160


def stream(
    count: int, *, begin: float = 0.0, timestamp: int = 0, sequence: int = 0, source: int = 1, value: int = 1000
) -> list[Packet]:
    """`count` packets 20 ms apart; packet n carries the constant `value + n` as A-law keeps it."""
    return [
        Packet(
            at=100.0 + begin + n * 0.02,
            sequence=(sequence + n) % 65536,
            timestamp=(timestamp + n * FRAME) % 2**32,
            source=source,
            payload=encode_alaw(np.full(FRAME, value * (n % 5 + 1), dtype=np.int16)),
        )
        for n in range(count)
    ]


def sounding(packets: list[Packet], *, seconds: float = 1.0) -> list[bool]:
    """For each 20 ms of the layout: whether there is sound."""
    sound = lay_out(packets, zero=100.0, seconds=seconds)
    assert len(sound) == int(seconds * RATE)
    return [bool(frame.any()) for frame in sound.reshape(-1, FRAME)]


def test_packets_lie_where_they_arrived() -> None:
    assert sounding(stream(10, begin=0.2)) == [False] * 10 + [True] * 10 + [False] * 30


def test_jitter_does_not_chop_the_sound() -> None:
    steady = stream(50)
    shaken = [Packet(p.at + (n % 3) * 0.007, p.sequence, p.timestamp, 1, p.payload) for n, p in enumerate(steady)]
    assert lay_out(shaken, zero=100.0, seconds=1).tolist() == lay_out(steady, zero=100.0, seconds=1).tolist()


def test_lost_packets_leave_silence() -> None:
    packets = [p for n, p in enumerate(stream(50)) if n not in (7, 20, 21)]
    assert [n for n, loud in enumerate(sounding(packets)) if not loud] == [7, 20, 21]
    assert measure_pace(packets).lost == 3


def test_reordered_packets_land_where_they_belong() -> None:
    packets = stream(50)
    swapped = packets[:]
    swapped[10], swapped[11] = swapped[11], swapped[10]
    assert lay_out(swapped, zero=100.0, seconds=1).tolist() == lay_out(packets, zero=100.0, seconds=1).tolist()
    assert measure_pace(swapped).lost == 0


def test_a_pause_is_a_pause_of_the_same_length() -> None:
    # Some senders stop their timestamp in a pause, some let it run: the layout must not depend on it.
    stopped = stream(10) + stream(10, begin=0.7, timestamp=10 * FRAME, sequence=10)
    running = stream(10) + stream(10, begin=0.7, timestamp=35 * FRAME, sequence=10)
    assert sounding(stopped) == sounding(running) == [True] * 10 + [False] * 25 + [True] * 10 + [False] * 5
    (gap,) = find_gaps(running, zero=100.0, longer_than=0.1)
    assert (gap.second, gap.seconds) == (pytest.approx(0.18), pytest.approx(0.52))


def test_a_short_pause_before_a_marked_packet_is_kept() -> None:
    after = stream(10, begin=0.3, timestamp=10 * FRAME, sequence=10)
    after[0] = Packet(after[0].at, after[0].sequence, after[0].timestamp, 1, after[0].payload, marked=True)
    assert sounding(stream(10) + after)[:25] == [True] * 10 + [False] * 5 + [True] * 10


def test_a_stalled_sender_that_catches_up_loses_nothing() -> None:
    packets = stream(50)
    late = [Packet(max(p.at, 100.5) if n in range(15, 25) else p.at, p.sequence, p.timestamp, 1, p.payload)
            for n, p in enumerate(packets)]  # fmt: skip
    assert lay_out(late, zero=100.0, seconds=1).tolist() == lay_out(packets, zero=100.0, seconds=1).tolist()


def test_another_sender_begins_anew() -> None:
    packets = stream(10) + stream(10, begin=0.2, timestamp=2**31 + 5, source=2)
    assert sounding(packets) == [True] * 20 + [False] * 30


def test_counters_wrap() -> None:
    packets = stream(50, timestamp=2**32 - 20 * FRAME, sequence=65530)
    assert sounding(packets) == [True] * 50
    assert measure_pace(packets).lost == 0


def test_a_key_is_no_gap_and_no_sound() -> None:
    packets = stream(50)
    pressed = [Packet(p.at, p.sequence, packets[10].timestamp, 1, b"") if 10 <= n < 15 else p
               for n, p in enumerate(packets)]  # fmt: skip
    assert [n for n, loud in enumerate(sounding(pressed)) if not loud] == [10, 11, 12, 13, 14]
    assert find_gaps(pressed, zero=100.0, longer_than=0.05) == []
    assert measure_pace(pressed).lost == 0


def test_pace_is_measured() -> None:
    pace = measure_pace(stream(51))
    assert (pace.packets, pace.median, pace.longest) == (51, pytest.approx(0.02), pytest.approx(0.02))
    assert measure_pace([]).packets == 0

"""Where a recording lost time. Pure.

Asterisk writes a frame to the raw file whenever either side has one. Our side always should: words, music, or silence
(transmit_silence, ARI's silence), so a phone that sends nothing costs nothing. When both sides fail all the same, the
file stands still while the clock goes on. Whoever watched the file grow knows where; for what nobody watched only the
sum is known, and it is put at the end, marked as a guess, so that all before it stays true.
"""

from collections.abc import Sequence
from dataclasses import dataclass

BYTES_A_SECOND = 8000 * 2 * 2
"""8 kHz, two channels, 16 bits."""
TOLERANCE = 0.3
"""Seconds by which a file may differ from the clock without anything having been lost."""
BUFFER_BYTES = 32768
BUFFER_SECONDS = BUFFER_BYTES / BYTES_A_SECOND
"""Asterisk writes through a buffer of 32 KiB, so a healthy file grows once in 1.02 s."""
STALL = BUFFER_SECONDS + 0.6
"""Seconds without growth that are a stall."""


@dataclass(frozen=True, slots=True)
class Gap:
    """`seconds` of silence belong at second `at` of the padded recording."""

    at: float
    seconds: float
    guessed: bool = False

    def as_facts(self) -> dict[str, float]:
        facts = {"at": round(self.at, 3), "seconds": round(self.seconds, 3)}
        return {**facts, "guessed": 1.0} if self.guessed else facts


@dataclass(frozen=True, slots=True)
class Stall:
    """The file stood at `size` bytes, and for `seconds` at least nothing was recorded; for a buffer's more at most."""

    size: int
    seconds: float


class FileGrowth:
    """Watches one file grow. Moments are seconds of a monotonic clock."""

    def __init__(self, moment: float, size: int) -> None:
        self.size = size
        self.since = moment
        """Since when the size is what it is."""
        self._stalls: list[Stall] = []

    def update_size(self, moment: float, size: int) -> None:
        if size == self.size:
            return
        stood = moment - self.since
        if stood >= STALL:
            self._stalls.append(Stall(self.size, stood - BUFFER_SECONDS))
        self.size, self.since = size, moment

    @property
    def stalls(self) -> tuple[Stall, ...]:
        return tuple(self._stalls)


def find_surplus(*, size: int, wall_seconds: float) -> float:
    """Seconds by which a file of `size` bytes is longer than the clock says; 0 when it is not worth the name."""
    surplus = size / BYTES_A_SECOND - wall_seconds
    return surplus if surplus >= TOLERANCE else 0.0


def find_gaps(*, size: int, wall_seconds: float, stalls: Sequence[Stall]) -> tuple[Gap, ...]:
    """The gaps of a file of `size` bytes that took `wall_seconds` by the clock, in their order.

    A stall that was watched is believed as far as time is missing: watching is coarse, and a pause of the machine
    looks like a stall too. Where in the buffer it began nobody knows: the middle is half a second wrong at most. Only
    before the first sound there is nothing in it.
    """
    missing = wall_seconds - size / BYTES_A_SECOND
    if missing < TOLERANCE:
        return ()
    gaps: list[Gap] = []
    placed = 0.0
    watched = [stall for stall in stalls if stall.size <= size]
    total = sum(stall.seconds for stall in watched)
    share = min(1.0, missing / total) if total else 0.0
    more = min(BUFFER_SECONDS, max(0.0, missing - total) / len(watched)) if watched else 0.0
    for stall in watched:
        seconds = stall.seconds * share + more
        began = min(stall.size + BUFFER_BYTES // 2, size) if stall.size else 0
        gaps.append(Gap(began / BYTES_A_SECOND + placed, seconds))
        placed += seconds
    rest = missing - placed
    if rest >= TOLERANCE or (rest > 0 and not gaps):
        gaps.append(Gap(wall_seconds - rest, rest, guessed=True))
    return tuple(gaps)

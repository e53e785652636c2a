"""Finds where a recording lost time. No I/O.

Asterisk writes a frame to the raw file whenever either side has one. Our side should always have one (prompt, music, or
silence from `transmit_silence` and ARI), so a phone that sends nothing loses no time. If both sides are silent anyway,
the file stops growing while the clock runs. The position of such a gap is known only from samples of the file's growth.
Otherwise only the missing total is known: it is put at the end and marked as a guess, so that everything before it
stays in time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

BYTES_A_SECOND = 8000 * 2 * 2
"""8 kHz, two channels, 16-bit samples."""
TOLERANCE = 0.3
"""Seconds by which a file may differ from the clock without counting as a loss."""
BUFFER_BYTES = 32768
BUFFER_SECONDS = BUFFER_BYTES / BYTES_A_SECOND
"""MixMonitor writes through a buffer of 32 KiB, so a healthy file grows once in 1.02 s."""
STALL = BUFFER_SECONDS + 0.6
"""Seconds without growth that count as a stall."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Silence of `seconds` to insert at second `at` of the padded recording. `guessed`: the position is unknown."""

    at: float
    seconds: float
    guessed: bool = False

    def as_facts(self) -> dict[str, float]:
        facts = {"at": round(self.at, 3), "seconds": round(self.seconds, 3)}
        return {**facts, "guessed": 1.0} if self.guessed else facts


@dataclass(frozen=True, slots=True)
class Stall:
    """The file stayed at `size` bytes. At least `seconds` were not recorded, at most one buffer (1.02 s) more."""

    size: int
    seconds: float


class FileGrowth:
    """Tracks the growth of one file. Moments are seconds of a monotonic clock."""

    def __init__(self, moment: float, size: int) -> None:
        self.size = size
        self.since = moment
        """Moment of the last change of the size."""
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
    """Seconds by which a file of `size` bytes is longer than `wall_seconds`; 0 below `TOLERANCE`."""
    surplus = size / BYTES_A_SECOND - wall_seconds
    return surplus if surplus >= TOLERANCE else 0.0


def find_gaps(*, size: int, wall_seconds: float, stalls: Sequence[Stall]) -> tuple[Gap, ...]:
    """The gaps of a file of `size` bytes that took `wall_seconds` by the clock, in order of time.

    Observed stalls count only up to the missing time, because sampling is coarse and a pause of the machine looks like
    a stall too. Where a stall began within the write buffer is unknown: the middle of the buffer is assumed, with an
    error of half a second at most. Before the first sound the buffer is empty, so such a gap begins at 0.
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

"""Shortens a recording that late packets made longer than its call. No I/O.

MixMonitor writes a frame for both sides every 20 ms. When a caller's packet is more than 40 ms late, a hole is written
beside our sound; when the packet arrives, it is written alone, with a hole on our side (Asterisk 22.10; a caller on a
moving train made a recording a tenth longer than the call). Removing one hole from each side aligns them again.

A jitter buffer on the channel would avoid this, but with it the caller is sometimes not recorded at all after a pause
of packets (docs/decisions/0008).
"""

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.int16]
"""Samples at 8 kHz: rows are sample times, columns are the caller and our side."""

FRAME = 160
"""Samples per frame of 20 ms."""
FRAME_SECONDS = 0.02
_MAX_PAIR_DISTANCE = 50
"""Longest distance of two holes of one packet, in frames (1 s). Larger: more pairs, some by chance."""


def remove_late_packet_holes(sound: Sound, *, surplus: float) -> Sound:
    """Returns `sound` without pairs of holes, nearest pairs first, at most `surplus` seconds in total.

    A hole is a frame of zeros. A-law has no zero, so on the caller's side a hole is a missing packet. On our side it
    may be real silence; shortening that silence by the length of the missing packet does no harm.
    """
    count = len(sound) // FRAME
    frames = sound[: count * FRAME].reshape(count, FRAME, 2)
    caller, ours = (np.abs(frames[:, :, side]).max(axis=1, initial=0) > 0 for side in range(2))
    nearest = sorted(_pair_holes(~caller, caller & ~ours), key=lambda pair: pair[1] - pair[0])
    pairs = nearest[: round(surplus / FRAME_SECONDS)]
    left = _delete_frames(frames[:, :, 0], [hole for hole, _ in pairs])
    right = _delete_frames(frames[:, :, 1], [hole for _, hole in pairs])
    return np.concatenate([np.stack([left, right], axis=1), sound[count * FRAME :]])


def _pair_holes(early: npt.NDArray[np.bool_], late: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Pairs each hole on the caller's side with a later hole on our side within `_MAX_PAIR_DISTANCE` frames."""
    waiting: deque[int] = deque()
    for place in range(len(early)):
        while waiting and place - waiting[0] > _MAX_PAIR_DISTANCE:
            waiting.popleft()
        if early[place]:
            waiting.append(place)
        elif late[place] and waiting:
            yield waiting.popleft(), place


def _delete_frames(frames: Sound, holes: Sequence[int]) -> Sound:
    return np.delete(frames, holes, axis=0).reshape(-1)

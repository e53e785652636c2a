"""A recording longer than its call: packets that came late made two frames of one moment. Pure.

MixMonitor writes a frame for both sides every 20 ms. A caller's packet that is more than 40 ms late is written as a
hole beside our sound; when it comes after all it stands alone, with a hole on our side (Asterisk 22.10; a caller on a
moving train made a recording a tenth longer than the call). Taking one hole out of each side puts them side by side.

A jitter buffer on the channel would spare this, but behind it the caller is sometimes not recorded at all any more
after a pause of the packets (docs/decisions/0008).
"""

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.int16]
"""Rows are moments, 8 kHz; the columns are the caller and our side."""

FRAME = 160
FRAME_SECONDS = 0.02
_MAX_PAIR_DISTANCE = 50
"""Frames, a second: further apart two holes do not belong to one packet."""


def close_gaps(sound: Sound, *, surplus: float) -> Sound:
    """`sound` without pairs of holes, at most `surplus` seconds of them; nearest pairs first.

    A hole is a frame of nothing but zeros: A-law has no zero, so on the caller's side it is a missing packet. On our
    side it may be a silence of ours, and then it does no harm to be shorter by what the other side lacked.
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
    """Each hole of the caller with a hole of ours that comes within reach after it."""
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

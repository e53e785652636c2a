"""Late packets make two frames of one moment; closed up, both sides lie where they belong."""

import numpy as np
import pytest

from callcenter.recordings.late_packets import FRAME, FRAME_SECONDS, Sound, remove_late_packet_holes

HOLE = np.zeros(FRAME, dtype=np.int16)


def steady(count: int) -> tuple[list[Sound], list[Sound]]:
    """The frames of both sides as they were spoken, each unlike all others."""
    caller = [np.full(FRAME, 8 + number, dtype=np.int16) for number in range(count)]
    ours = [np.full(FRAME, -8 - number, dtype=np.int16) for number in range(count)]
    return caller, ours


def side_by_side(caller: list[Sound], ours: list[Sound]) -> Sound:
    return np.stack([np.concatenate(caller), np.concatenate(ours)], axis=1)


def held_back(caller: list[Sound], ours: list[Sound], *, at: int, frames: int) -> tuple[list[Sound], list[Sound]]:
    """As MixMonitor writes it when `frames` packets of the caller come late, all at once."""
    return (
        [*caller[:at], *[HOLE] * frames, *caller[at:]],
        [*ours[: at + frames], *[HOLE] * frames, *ours[at + frames :]],
    )


def test_late_packets_are_closed_up() -> None:
    caller, ours = steady(200)
    written = held_back(*held_back(caller, ours, at=120, frames=5), at=40, frames=3)
    closed = remove_late_packet_holes(side_by_side(*written), surplus=8 * FRAME_SECONDS)
    np.testing.assert_array_equal(closed, side_by_side(caller, ours))


def test_no_more_is_taken_out_than_the_file_is_too_long() -> None:
    caller, ours = steady(100)
    written = side_by_side(*held_back(caller, ours, at=40, frames=5))
    assert len(remove_late_packet_holes(written, surplus=2 * FRAME_SECONDS)) == 103 * FRAME
    np.testing.assert_array_equal(remove_late_packet_holes(written, surplus=0.0), written)


def test_lost_packets_and_silences_stay_when_nothing_belongs_together() -> None:
    caller, ours = steady(300)
    caller[20:30] = [HOLE] * 10  # lost for good
    ours[200:230] = [HOLE] * 30  # we are silent much later
    written = side_by_side(caller, ours)
    np.testing.assert_array_equal(remove_late_packet_holes(written, surplus=1.0), written)


@pytest.mark.parametrize("rest", [0, 1, FRAME - 1])
def test_a_frame_cut_in_two_stays(rest: int) -> None:
    caller, ours = steady(10)
    written = np.concatenate([side_by_side(caller, ours), np.full((rest, 2), 7, dtype=np.int16)])
    np.testing.assert_array_equal(remove_late_packet_holes(written, surplus=1.0), written)

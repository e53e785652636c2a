"""A raw recording becomes a whole FLAC file or none, with silence exactly where it is missing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.recordings import flac
from callcenter.recordings.gaps import BYTES_A_SECOND, TOLERANCE, Stall, find_gaps
from tests.helpers.recorded_call import CALLER, OURS, sound
from tests.stand_ins.asterisk_files import RATE


def test_a_file_cut_in_the_middle_of_a_frame_is_read(tmp_path: Path) -> None:
    raw = tmp_path / "x.raw"
    raw.write_bytes(sound(1).tobytes()[:-3])
    written = flac.write_flac(raw, tmp_path / "r" / "x.flac", root=tmp_path / "r", gaps=())
    assert written.seconds == (RATE - 1) / RATE
    assert written.peaks == (CALLER, OURS)


def test_what_does_not_read_back_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "x.raw"
    raw.write_bytes(sound(1).tobytes())
    monkeypatch.setattr(flac, "_read_back", lambda part: (1, b""))
    with pytest.raises(flac.BrokenRecording, match=r"x\.flac"):
        flac.write_flac(raw, tmp_path / "r" / "x.flac", root=tmp_path / "r", gaps=())
    assert not list((tmp_path / "r").rglob("*.flac*"))


@given(
    seconds=st.floats(min_value=0, max_value=600),
    wall_seconds=st.floats(min_value=0, max_value=700),
    stalls=st.lists(
        st.tuples(st.floats(min_value=0, max_value=1), st.floats(min_value=0.4, max_value=100)), max_size=9
    ),
)
def test_gaps_fill_exactly_what_is_missing(
    seconds: float, wall_seconds: float, stalls: list[tuple[float, float]]
) -> None:
    size = round(seconds * RATE) * 4
    watched = [Stall(round(part * size), stood) for part, stood in sorted(stalls)]
    gaps = find_gaps(size=size, wall_seconds=wall_seconds, stalls=watched)
    missing = wall_seconds - size / BYTES_A_SECOND
    if missing < TOLERANCE:
        assert gaps == ()
        return
    assert sum(gap.seconds for gap in gaps) == pytest.approx(missing, abs=TOLERANCE)
    assert [gap.at for gap in gaps] == sorted(gap.at for gap in gaps)
    assert all(gap.seconds >= 0 and gap.at + gap.seconds <= wall_seconds + 0.001 for gap in gaps)

"""The journal's lines and files: whole or not at all, in order, on the disk."""

import os
import resource
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.journal import notes
from callcenter.journal.notes import Journal, Note, decode, encode, read_lines, segment_file, segments
from tests.helpers.notes import CALL, note
from tests.stand_ins.clock import MORNING


def test_no_room_for_a_new_segment_leaves_the_old_one_in_use(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Had the old file been closed first, its number could by now be somebody's socket."""
    monkeypatch.setattr(notes, "SEGMENT_BYTES", 1000)
    book = Journal(journal)
    only = segments(journal)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        for number in range(50):
            book.write(note(number))
            time.sleep(0.002)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert segments(journal) == only
    for number in range(50, 60):
        book.write(note(number))
    book.close()
    assert [line.note for line in read_lines(journal, None)] == [note(number) for number in range(60)]
    assert len(segments(journal)) == 2, "and there is a new one as soon as there can be"


def test_segments_stay_in_order_when_the_clock_is_set_back(journal: Path) -> None:
    journal.mkdir()
    tomorrow = time.time_ns() + 86_400 * 10**9
    segment_file(journal, tomorrow).write_bytes(encode(note(0)))
    book = Journal(journal)
    book.write(note(1))
    book.close()
    assert [line.note for line in read_lines(journal, None)] == [note(0), note(1)]


def test_the_disk_is_made_sure_of_every_note(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine may lose its power: what is only in the kernel's memory is gone then."""
    sure: list[int] = []

    def look_and_sync(file: int, sync: Callable[[int], None] = os.fsync) -> None:
        if not stat.S_ISDIR(os.fstat(file).st_mode):
            sure.append(os.fstat(file).st_size)
        sync(file)

    monkeypatch.setattr(os, "fsync", look_and_sync)
    book = Journal(journal)
    book.write(note(1))
    size = segment_file(journal, segments(journal)[-1]).stat().st_size
    deadline = time.monotonic() + 5
    while size not in sure and time.monotonic() < deadline:
        time.sleep(0.01)
    assert size in sure, "soon, without anything else being written"
    monkeypatch.setattr(notes, "SYNC_SECONDS", 5.0)
    book.write(note(2))
    book.close()
    assert segment_file(journal, segments(journal)[-1]).stat().st_size == sure[-1], "and at the end"


@given(
    facts=st.dictionaries(st.text(), st.text() | st.integers() | st.none() | st.booleans()),
    kind=st.text(min_size=1),
    cut=st.integers(min_value=0),
)
def test_a_line_is_read_back_as_it_was_or_not_at_all(facts: dict[str, Any], kind: str, cut: int) -> None:
    written = Note("n1", CALL, MORNING, kind, facts)
    line = encode(written)
    assert line.count(b"\n") == 1
    assert decode(line.rstrip(b"\n")) == written
    torn = line[: cut % (len(line) - 1)]
    assert decode(torn) is None


def test_half_a_letter_does_not_stop_a_note() -> None:
    """A lone surrogate, from a name that was cut in the middle, has no bytes in UTF-8."""
    line = encode(note(1, text="Вася\ud83d"))
    read = decode(line.rstrip(b"\n"))
    assert read is not None
    assert read.facts["text"] == "Вася?"

"""Calls of the small centre with their tapes running."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.core.clock import SystemClock
from callcenter.journal.editions import StoredEdition
from callcenter.journal.tape_recorder import TapeRecorder
from tests.stand_ins.centre import ANSWERS, SCRIPT_FILE
from tests.stand_ins.centre_fixtures import asterisk

__all__ = ["asterisk"]

SMALL = StoredEdition(
    "small", SCRIPT_FILE.read_text(encoding="utf-8"), tuple(ANSWERS), ("GAS_SMELL", "WAT_LEAK_RISER"), ANSWERS
)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "tapes"


@pytest.fixture
def recorder(spool: Path) -> Iterator[TapeRecorder]:
    recorder = TapeRecorder(spool, clock=SystemClock(), get_edition=lambda: SMALL, lease_seconds=6)
    yield recorder
    recorder.close()

"""Fixtures of the rooms that write and read records: Asterisk's files, the journal of notes, and who reads both.

A plugin that the root conftest names: a dozen rooms need them.
"""

from pathlib import Path

import pytest

from callcenter.core.database import Database
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.note_applier import NoteApplier
from callcenter.knowledge.categories import Categories, Category
from tests.helpers.categories import MOSCOW, make_category
from tests.stand_ins.asterisk_files import AsteriskFiles
from tests.stand_ins.clock import FakeClock


@pytest.fixture
def leak() -> Category:
    return make_category()


@pytest.fixture
def files(tmp_path: Path) -> AsteriskFiles:
    return AsteriskFiles(tmp_path)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Where the robot's notes are written."""
    return tmp_path / "journal"


@pytest.fixture
def truth(database: Database, files: AsteriskFiles, clock: FakeClock) -> AsteriskLogReader:
    return AsteriskLogReader(database, files, clock=clock)


@pytest.fixture
def bookkeeper(leak: Category) -> NoteApplier:
    return NoteApplier(Categories((leak,)), MOSCOW)

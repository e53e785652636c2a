"""A stand-in Asterisk and its calls, and the files of a real one."""

from pathlib import Path

import pytest

from callcenter.core.database import Database
from callcenter.intake.asterisk_log import AsteriskLogReader
from tests.stand_ins.asterisk_files import AsteriskFiles
from tests.stand_ins.centre_fixtures import asterisk
from tests.stand_ins.clock import FakeClock

__all__ = ["asterisk"]


@pytest.fixture
def files(tmp_path: Path) -> AsteriskFiles:
    return AsteriskFiles(tmp_path)


@pytest.fixture
def truth(database: Database, files: AsteriskFiles, clock: FakeClock) -> AsteriskLogReader:
    return AsteriskLogReader(database, files, clock=clock)

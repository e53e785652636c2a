"""What the tests of records share: a home with Asterisk's files, a bookkeeper, and short ways to look at the rows."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callcenter.core.database import Database
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.note_applier import NoteApplier
from callcenter.knowledge.categories import (
    Categories,
    Category,
    ClockKind,
    ClockRule,
    ClockStart,
    Urgency,
)
from tests.stand_ins.asterisk_files import AsteriskFiles
from tests.stand_ins.clock import FakeClock

MOSCOW = ZoneInfo("Europe/Moscow")


def make_category(code: str = "WAT_LEAK", *, clocks: tuple[ClockRule, ...] | None = None) -> Category:
    """A category for tests; its terms are those of a burst pipe unless given."""
    if clocks is None:
        clocks = (
            ClockRule(ClockKind.RESOLVE, 3 * 24 * 60, ClockStart.DAMAGE, "416 п. 13", is_company_rule=False),
            ClockRule(ClockKind.LOCALISE, 30, ClockStart.REGISTRATION, "416 п. 13", is_company_rule=False),
        )
    return Category(
        code=code,
        name="Течь",
        phrases=(),
        urgency=Urgency.ACCIDENT,
        urgency_note="",
        clocks=clocks,
        conditional_clocks=(),
        working_day_deadlines=(),
        deadline_text="",
        basis="",
        responsible="аварийная бригада",
        safety="",
        safety_spoken="",
        menu_position=1,
        source_status="",
    )


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

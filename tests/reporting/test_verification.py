"""Each morning a day is proven: a planted difference of every kind is told, and leaves the board when it is mended."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from callcenter.alarms.models import Alarm, AlarmKind
from callcenter.alarms.service import mark_seen
from callcenter.alarms.views import open_alarms
from callcenter.callbacks.models import CallbackKind
from callcenter.callbacks.service import open_callback
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.intake.applying import apply_batch
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.note_applier import NoteApplier
from callcenter.journal.notes import Journal, Note
from callcenter.recordings.filing import RecordingFiler
from callcenter.reporting.verification import find_due_days
from callcenter.schedule import ticks as ticks_module
from callcenter.schedule.ticks import Ticks
from callcenter.settings import RecordingSettings, Settings
from tests.helpers.categories import MOSCOW
from tests.helpers.recorded_call import RecordedCall, file_all
from tests.helpers.rows import until
from tests.stand_ins.asterisk_files import AsteriskFiles
from tests.stand_ins.clock import MORNING, FakeClock

DAY = date(2026, 11, 24)
SERVED = "b1-17.0"
KINDS = (*["served"] * 8, "miss", "ticket_wanted")
"""What the robot wrote about each of the day's calls."""


LOSE_A_CALLBACK = "DELETE FROM callback WHERE call_id = 'b1-17.8'"


class Centre:
    """A centre on the morning after a day of calls."""

    def __init__(self, database: Database, root: Path, clock: FakeClock) -> None:
        self.database = database
        self.root = root
        self.clock = clock
        self.ticks = Ticks(database, Settings(recordings=RecordingSettings(directory=root)), clock=clock)

    async def alarms(self) -> list[Alarm]:
        async with self.database.begin() as session:
            return [alarm for alarm in await open_alarms(session, DEFAULT_COMPANY_ID) if alarm.kind == AlarmKind.PROOF]

    async def proves(self) -> list[Alarm]:
        """What stands on the board about the day after it was proven."""
        await self.ticks.verify_yesterday()
        return await self.alarms()

    async def run(self, statement: str, **values: object) -> None:
        async with self.database.begin() as session:
            await session.execute(text(statement), values)

    def file_of(self, call_id: str) -> Path:
        (file,) = self.root.rglob(f"*-{call_id}.flac")
        return file


@pytest.fixture
async def centre(
    *,
    database: Database,
    files: AsteriskFiles,
    truth: AsteriskLogReader,
    clock: FakeClock,
    bookkeeper: NoteApplier,
    tmp_path: Path,
) -> Centre:
    root = tmp_path / "recordings"
    filer = RecordingFiler(database, files, Settings(recordings=RecordingSettings(directory=root)), clock=clock)
    book = Journal(files.journal)
    for number, kind in enumerate(KINDS):
        call = RecordedCall(files, clock, filer, f"b1-17.{number}")
        book.write(Note(f"n{number}", call.call_id, clock.now(), kind, {"category": "WAT_LEAK"}))
        call.sounds(1)
        call.hangs_up()
    while await apply_batch(files.journal, database, bookkeeper.apply):
        pass
    book.close()
    await file_all(truth, filer, clock)
    clock.advance(hours=20)
    await truth.assign_outcomes()
    return Centre(database, root, clock)


async def test_a_day_in_order_is_not_worth_a_word(centre: Centre) -> None:
    assert await centre.proves() == []
    await centre.run("UPDATE recording SET state = 'expired', path = NULL")
    for file in list(centre.root.rglob("*.flac")):
        file.unlink()
    assert await centre.proves() == [], "their time is over"


async def test_every_planted_difference_is_on_the_board_and_nothing_else(centre: Centre) -> None:
    await centre.run("UPDATE call SET outcome = NULL WHERE id = 'b1-17.0'")
    await centre.run("UPDATE call SET state = 'talking' WHERE id = 'b1-17.1'")
    centre.file_of("b1-17.2").unlink()
    cut = centre.file_of("b1-17.3")
    cut.write_bytes(cut.read_bytes()[:-1])
    await centre.run("UPDATE recording SET state = 'pending' WHERE call_id = 'b1-17.4'")
    await centre.run("UPDATE recording SET state = 'missing' WHERE call_id = 'b1-17.5'")
    await centre.run("DELETE FROM recording WHERE call_id = 'b1-17.6'")
    centre.file_of("b1-17.6").unlink()
    await centre.run("DELETE FROM ticket_call WHERE call_id = 'b1-17.7'")
    await centre.run("DELETE FROM callback WHERE call_id = 'b1-17.8'")
    cut.with_name("101500-b1-99.9.flac").write_bytes(b"fLaC")
    (alarm,) = await centre.proves()
    assert alarm.subject == "2026-11-24"
    assert alarm.facts["mismatches"] == [
        "b1-17.0: у звонка нет итога",
        "b1-17.1: звонок до сих пор не окончен",
        "b1-17.2: файл записи пропал",
        "b1-17.3: файл записи не того размера",
        "b1-17.4: запись разговора не сохранена",
        "b1-17.5: записи разговора нет",
        "b1-17.6: о записи разговора ничего не известно",
        "b1-17.7: нет ни заявки, ни черновика",
        "b1-17.8: до диспетчера не дозвонились, а задачи перезвонить нет",
        "2026/11/24/101500-b1-99.9.flac: запись ни одного звонка",
    ]
    assert alarm.message.startswith(
        "24.11.2026 не сошлось: звонков 10, записей 7. 09:00 — у звонка нет итога; 09:00 — "
    )
    assert alarm.message.endswith("файл записи не того размера; 09:00 — запись разговора не сохранена; и ещё 5.")


async def test_what_is_mended_leaves_the_board_and_only_that(centre: Centre) -> None:
    file = centre.file_of(SERVED)
    content = file.read_bytes()
    file.unlink()
    await centre.run(LOSE_A_CALLBACK)
    (first,) = await centre.proves()
    assert first.message.count(" — ") == 2
    file.write_bytes(content)
    await centre.ticks.verify_open_days()
    (second,) = await centre.alarms()
    assert second.id != first.id
    assert second.message.count(" — ") == 1
    async with centre.database.begin() as session:
        now = centre.clock.now()
        await open_callback(
            session,
            company_id=DEFAULT_COMPANY_ID,
            call_id="b1-17.8",
            kind=CallbackKind.ABANDONED,
            phone=None,
            arrived_at=MORNING,
            now=now,
        )
    await centre.ticks.verify_open_days()
    assert await centre.alarms() == []


async def test_a_standing_alarm_is_raised_once_and_a_seen_one_stays_until_it_is_mended(centre: Centre) -> None:
    await centre.run(LOSE_A_CALLBACK)
    (first,) = await centre.proves()
    async with centre.database.begin() as session:
        await mark_seen(session, first.id, company_id=DEFAULT_COMPANY_ID, by="anna", now=centre.clock.now())
    (second,) = await centre.proves()
    assert (second.id, second.seen_by) == (first.id, "anna")


async def test_what_cannot_be_mended_leaves_the_board_after_a_week(centre: Centre) -> None:
    await centre.run("UPDATE recording SET state = 'missing' WHERE call_id = 'b1-17.0'")
    assert len(await centre.proves()) == 1
    centre.clock.advance(days=6)
    await centre.ticks.verify_open_days()
    assert len(await centre.alarms()) == 1
    centre.clock.advance(days=1)
    await centre.ticks.verify_open_days()
    assert await centre.alarms() == []
    assert await centre.proves() == []


async def test_a_morning_slept_through_is_made_up_for(centre: Centre) -> None:
    await centre.run(LOSE_A_CALLBACK)
    centre.clock.advance(days=3)
    assert [alarm.subject for alarm in await centre.proves()] == ["2026-11-24"]


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        (datetime(2026, 11, 25, 1, 29, tzinfo=UTC), date(2026, 11, 23)),  # 4:29 in Moscow
        (datetime(2026, 11, 25, 1, 30, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 25, 20, 59, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 25, 21, 1, tzinfo=UTC), date(2026, 11, 24)),  # the 26th in Moscow
    ],
)
def test_a_day_is_due_at_half_past_four_by_the_companys_clock(now: datetime, newest: date) -> None:
    assert find_due_days(now, MOSCOW)[0] == newest


async def test_a_call_belongs_to_the_companys_day(centre: Centre) -> None:
    """23:30 and 0:30 in Moscow are the same day in UTC."""
    for number, hour in enumerate((20, 21)):
        arrived = datetime(2026, 11, 24, hour, 30, tzinfo=UTC)
        await centre.run(
            "INSERT INTO call (company_id, id, caller_shown, dialled, state, outcome, arrived_at, ended_at)"
            " VALUES (1, :id, '', '', 'ended', 'talked', :at, :at)",
            id=f"b1-30.{number}",
            at=arrived,
        )
    (alarm,) = await centre.proves()
    assert alarm.message.startswith("24.11.2026 не сошлось: звонков 11, записей 10. 23:30 — нет ни заявки")


async def test_the_clockwork_proves_at_its_start_and_at_the_hour(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticks_module, "FIRST_AFTER", 0.05)
    yesterday = (datetime.now(UTC).astimezone(MOSCOW) - timedelta(hours=4, minutes=30)).date() - timedelta(days=1)
    await centre.run(
        "UPDATE call SET outcome = NULL, arrived_at = :at", at=datetime.combine(yesterday, time(12), MOSCOW)
    )
    settings = Settings(recordings=RecordingSettings(directory=centre.root))
    assert settings.company.zone == ZoneInfo("Europe/Moscow")

    async def told() -> bool:
        return yesterday.isoformat() in [alarm.subject for alarm in await centre.alarms()]

    ticks = Ticks(centre.database, settings)
    running = asyncio.create_task(ticks.run())
    await until(told)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await ticks.verify_yesterday()  # to its end: the newest day is told first, and no alarm is told twice
    subjects = [alarm.subject for alarm in await centre.alarms()]
    assert len(subjects) == len(set(subjects))
    assert {yesterday.isoformat()} <= set(subjects) <= {yesterday.isoformat(), DAY.isoformat()}  # it may be a week ago


def test_the_day_of_these_tests_is_the_one_of_the_clock() -> None:
    assert MORNING.astimezone(MOSCOW).date() == DAY

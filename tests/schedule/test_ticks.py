"""What is due is told and done, once, however often and however late we are woken."""

import asyncio
import time
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
import structlog

from callcenter.alarms.models import Alarm, AlarmKind
from callcenter.alarms.service import mark_seen
from callcenter.alarms.views import open_alarms
from callcenter.callbacks.models import Callback, CallbackKind
from callcenter.callbacks.service import finish_callback, open_callback, take_callback
from callcenter.callbacks.terms import callback_term
from callcenter.callbacks.views import callback_of_call
from callcenter.calls.models import RecordingState
from callcenter.calls.recordings import FiledRecording, keep_recording
from callcenter.calls.service import admit_call, lock_call, mark_ended
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.clock import SystemClock
from callcenter.core.database import Database
from callcenter.knowledge.facts import FigureNotFound
from callcenter.operations.postgres import PostgresCluster
from callcenter.schedule import ticks as ticks_module
from callcenter.schedule.ticks import Ticks
from callcenter.settings import RecordingSettings, Settings
from callcenter.tickets.service import open_draft
from tests.helpers.rows import card_of, count, until
from tests.stand_ins.clock import MORNING, FakeClock

CALL = "b1-17.7"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(recordings=RecordingSettings(directory=tmp_path / "recordings", retention_days=30, low_disk_mb=1))


@pytest.fixture
def ticks(database: Database, settings: Settings, clock: FakeClock) -> Ticks:
    return Ticks(database, settings, clock=clock)


async def missed_call(database: Database, call_id: str = CALL, *, at: datetime = MORNING) -> Callback:
    async with database.begin() as session:
        await admit_call(session, call_id, arrived_at=at)
        await open_draft(session, call_id=call_id, author="centre", now=at)
        await open_callback(
            session,
            company_id=DEFAULT_COMPANY_ID,
            call_id=call_id,
            kind=CallbackKind.ABANDONED,
            phone=None,
            arrived_at=at,
            now=at,
        )
        task = await callback_of_call(session, call_id)
        assert task is not None
        return task


async def alarms(database: Database) -> list[Alarm]:
    async with database.begin() as session:
        return list(await open_alarms(session, DEFAULT_COMPANY_ID))


async def test_the_board_warns_before_the_term_and_again_when_it_has_passed(
    database: Database, ticks: Ticks, clock: FakeClock
) -> None:
    await missed_call(database)
    clock.advance(minutes=7, seconds=59)
    await ticks.warn_of_due_callbacks()
    assert await alarms(database) == []
    clock.advance(seconds=1)
    for _ in range(3):
        await ticks.warn_of_due_callbacks()
    (warning,) = await alarms(database)
    assert (warning.kind, warning.subject) == (AlarmKind.CALLBACK_DUE, CALL)
    assert warning.message == "Пора перезвонить: не дождался ответа."
    task = (await card_of(database, CALL)).callback
    assert task is not None
    assert task.warned_at == MORNING + timedelta(minutes=8)
    async with database.begin() as session:
        await mark_seen(session, warning.id, company_id=DEFAULT_COMPANY_ID, by="anna", now=clock.now())
    assert len(await alarms(database)) == 1, "seen is not done"

    clock.advance(minutes=2)
    for _ in range(3):
        await ticks.warn_of_due_callbacks()
    (breach,) = await alarms(database)
    assert breach.message == "Срок обратного звонка вышел: не дождался ответа."
    assert breach.seen_at is None, "whoever saw the warning has not called"
    assert await count(database, "alarm") == 2


async def test_an_alarm_goes_with_its_task(database: Database, ticks: Ticks, clock: FakeClock) -> None:
    task = await missed_call(database)
    clock.advance(minutes=11)
    await ticks.warn_of_due_callbacks()
    async with database.begin() as session:
        await take_callback(session, task.id, company_id=DEFAULT_COMPANY_ID, login="anna", now=clock.now())
    await ticks.warn_of_due_callbacks()
    assert len(await alarms(database)) == 1, "taken is not done"
    async with database.begin() as session:
        await finish_callback(
            session, task.id, company_id=DEFAULT_COMPANY_ID, login="anna", result="Дозвонилась", now=clock.now()
        )
    await ticks.warn_of_due_callbacks()
    assert await alarms(database) == []


async def test_two_machines_woken_late_warn_of_every_task_once(
    database: Database, settings: Settings, ticks: Ticks, clock: FakeClock
) -> None:
    for number in range(30):
        await missed_call(database, f"b1-17.{number}")
    clock.advance(hours=5)
    other = Ticks(database, settings, clock=clock)
    async with asyncio.TaskGroup() as group:
        for each in (ticks, other, ticks, other):
            group.create_task(each.warn_of_due_callbacks())
    await ticks.warn_of_due_callbacks()
    found = await alarms(database)
    assert len({alarm.subject for alarm in found}) == len(found) == 30
    assert all(alarm.facts.get("breached") for alarm in found)
    assert await count(database, "alarm") == 60, "a warning and a breach each"


def test_the_term_of_a_callback_is_that_of_the_law_on_the_day_of_the_call() -> None:
    term = callback_term(MORNING.date())
    assert (term.due_after, term.warn_after) == (timedelta(minutes=10), timedelta(minutes=8))
    assert "416" in term.basis
    with pytest.raises(FigureNotFound):
        callback_term(date(2013, 1, 1))


async def test_low_disk_space_is_on_the_board_while_it_lasts(
    database: Database, tmp_path: Path, clock: FakeClock
) -> None:
    def ticks_wanting(megabytes: int) -> Ticks:
        recordings = RecordingSettings(directory=tmp_path / "not" / "made" / "yet", low_disk_mb=megabytes)
        return Ticks(database, Settings(recordings=recordings), clock=clock)

    for _ in range(2):
        await ticks_wanting(1 << 40).check_disk()
    (alarm,) = await alarms(database)
    assert (alarm.kind, alarm.subject) == (AlarmKind.DISK, "space")
    assert "Мало места для записей" in alarm.message
    await ticks_wanting(1).check_disk()
    assert await alarms(database) == []


async def filed_call(database: Database, root: Path, call_id: str, *, days_ago: float) -> Path:
    ended_at = MORNING - timedelta(days=days_ago)
    path = f"{ended_at:%Y/%m/%d}/{call_id}.flac"
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(b"fLaC")
    async with database.begin() as session:
        await admit_call(session, call_id, arrived_at=ended_at)
        await open_draft(session, call_id=call_id, author="centre", now=ended_at)
        await mark_ended(session, await lock_call(session, call_id), at=ended_at, cause=16)
        filed = FiledRecording(path=path, seconds=3.0, bytes=4, sha256="0" * 64)
        await keep_recording(session, call_id, state=RecordingState.FILED, now=ended_at, filed=filed)
    return root / path


async def test_recordings_end_with_their_retention_and_nothing_else_does(
    database: Database, settings: Settings, ticks: Ticks
) -> None:
    root = settings.recordings_directory
    old = await filed_call(database, root, "b1-17.1", days_ago=31)
    young = await filed_call(database, root, "b1-17.2", days_ago=29)
    for _ in range(2):
        await ticks.expire_old_recordings()
    assert (old.exists(), young.exists()) == (False, True)
    assert not old.parent.exists(), "no empty day is left"
    card = await card_of(database, "b1-17.1")
    assert card.recording is not None
    assert (card.recording.state, card.recording.path) == (RecordingState.EXPIRED, None)
    assert card.recording.sha256 == "0" * 64, "what was there can still be proven"
    assert card.ticket is not None
    kept = (await card_of(database, "b1-17.2")).recording
    assert kept is not None
    assert kept.state == RecordingState.FILED


async def test_a_removal_that_was_interrupted_is_finished(database: Database, settings: Settings, ticks: Ticks) -> None:
    file = await filed_call(database, settings.recordings_directory, CALL, days_ago=31)
    file.unlink()  # and then the machine stopped, before the commit
    await ticks.expire_old_recordings()
    recording = (await card_of(database, CALL)).recording
    assert recording is not None
    assert recording.state == RecordingState.EXPIRED


async def test_a_file_that_cannot_be_removed_is_told_and_stops_no_other(
    database: Database, settings: Settings, ticks: Ticks
) -> None:
    root = settings.recordings_directory
    stuck = await filed_call(database, root, "b1-17.1", days_ago=32)
    other = await filed_call(database, root, "b1-17.2", days_ago=31)
    stuck.unlink()
    stuck.mkdir()  # a directory cannot be unlinked, not even by root
    for _ in range(2):
        await ticks.expire_old_recordings()
    assert not other.exists()
    (alarm,) = await alarms(database)
    assert (alarm.kind, alarm.subject) == (AlarmKind.RECORDING, "b1-17.1")


async def test_the_clockwork_ticks_by_itself_and_outlives_an_absent_database(
    database: Database, cluster: PostgresCluster, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CALLBACKS_EVERY", "FIRST_AFTER"):
        monkeypatch.setattr(ticks_module, name, 0.1)
    await missed_call(database, at=datetime.now(UTC) - timedelta(minutes=9))
    cluster.stop()

    async def told() -> bool:
        return any("database away" in entry["event"] for entry in logs)

    async def warned() -> bool:
        return await count(database, "alarm") == 1

    with structlog.testing.capture_logs() as logs:
        running = asyncio.create_task(Ticks(database, settings).run())
        await until(told)
    await asyncio.to_thread(cluster.ensure_running)
    await until(warned)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_the_clockwork_goes_on_when_the_clock_is_put_back(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CALLBACKS_EVERY", "FIRST_AFTER", "CLOCK_EVERY"):
        monkeypatch.setattr(ticks_module, name, 0.05)
    ticked: list[float] = []

    class Watched(Ticks):
        async def warn_of_due_callbacks(self) -> None:
            ticked.append(time.monotonic())

    class Wall(datetime):
        """The clock that the scheduler reads."""

        back = timedelta()

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Wall":
            return super().now(tz) - cls.back

    class WallClock(SystemClock):
        def now(self) -> datetime:
            return Wall.now(UTC)

    async def ticks_again() -> bool:
        return len(ticked) >= 3

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Wall)
    running = asyncio.create_task(Watched(database, settings, clock=WallClock()).run())
    await until(ticks_again)
    Wall.back = timedelta(hours=1)
    await asyncio.sleep(0.1)  # in which a tick that was on its way comes
    ticked.clear()
    await until(ticks_again)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_tick_that_fails_is_told_and_the_next_ones_come(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CALLBACKS_EVERY", "FIRST_AFTER"):
        monkeypatch.setattr(ticks_module, name, 0.05)

    class Clumsy(Ticks):
        async def warn_of_due_callbacks(self) -> None:
            raise ZeroDivisionError("a fault nobody has thought of")

    async def told_three_times() -> bool:
        return sum(entry["event"] == "a tick failed" for entry in logs) >= 3  # may be more by the time of looking

    with structlog.testing.capture_logs() as logs:
        running = asyncio.create_task(Clumsy(database, settings).run())
        await until(told_three_times)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

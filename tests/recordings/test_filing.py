"""A second in the file is a second of the call; what cannot be kept is told."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sqlalchemy import text

from callcenter.alarms.models import Alarm, AlarmKind
from callcenter.alarms.views import open_alarms
from callcenter.calls.models import Recording, RecordingState
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from callcenter.core.errors import DatabaseUnavailable
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.operations.postgres import PostgresCluster
from callcenter.recordings.filing import RecordingFiler
from callcenter.settings import RecordingSettings, Settings
from tests.helpers.asterisk_reading import CALL
from tests.helpers.recorded_call import RecordedCall, file_all
from tests.helpers.rows import card_of
from tests.helpers.small_disk import disk_of
from tests.stand_ins.asterisk_files import RATE, AsteriskFiles
from tests.stand_ins.clock import FakeClock


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def settings(root: Path) -> Settings:
    return Settings(recordings=RecordingSettings(directory=root))


@pytest.fixture
def filer(database: Database, files: AsteriskFiles, settings: Settings, clock: FakeClock) -> RecordingFiler:
    return RecordingFiler(database, files, settings, clock=clock)


@pytest.fixture
def call(files: AsteriskFiles, clock: FakeClock, filer: RecordingFiler) -> RecordedCall:
    return RecordedCall(files, clock, filer, CALL)


async def recording_of(database: Database, call_id: str = CALL) -> Recording:
    recording = (await card_of(database, call_id)).recording
    assert recording is not None
    return recording


async def alarms(database: Database) -> list[Alarm]:
    async with database.begin() as session:
        return list(await open_alarms(session, DEFAULT_COMPANY_ID))


def heard(file: Path) -> str:
    """What is in the left (caller) and the right channel, a letter a second: both, c, o or - for silence."""
    samples, _ = soundfile.read(file, dtype="int16", always_2d=True)
    letters = {(True, True): "b", (True, False): "c", (False, True): "o", (False, False): "-"}
    middles = samples[RATE // 2 :: RATE]
    return "".join(letters[bool(caller), bool(ours)] for caller, ours in middles)


def below(root: Path, pattern: str = "*") -> list[Path]:
    return sorted(root.rglob(pattern))


def be_in_the_way(directory: Path) -> Callable[[], None]:
    """Puts a file where a directory should be; call what is given back to remove it."""
    directory.write_bytes(b"")
    return directory.unlink


async def test_a_recording_is_filed_with_both_sides_and_its_checksum(
    *,
    database: Database,
    root: Path,
    truth: AsteriskLogReader,
    filer: RecordingFiler,
    clock: FakeClock,
    call: RecordedCall,
) -> None:
    call.sounds(2, ours=0)
    call.sounds(3, caller=0)
    call.sounds(1)
    call.hangs_up()
    assert await file_all(truth, filer, clock) == 1

    recording = await recording_of(database)
    assert recording.path == f"2026/11/24/090000-{CALL}.flac"
    file = root / recording.path
    sounds = soundfile.info(file)
    assert (sounds.format, sounds.channels, sounds.samplerate, sounds.subtype) == ("FLAC", 2, 8000, "PCM_16")
    assert heard(file) == "ccooob"
    assert (recording.state, recording.seconds, recording.gaps) == (RecordingState.FILED, 6.0, [])
    assert recording.bytes == file.stat().st_size
    assert recording.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert recording.filed_at == clock.now()
    assert not call.raw.exists()
    assert await alarms(database) == []


async def test_recordings_are_nobody_elses_business(
    root: Path, truth: AsteriskLogReader, filer: RecordingFiler, clock: FakeClock, call: RecordedCall
) -> None:
    call.sounds(1)
    call.hangs_up()
    await file_all(truth, filer, clock)
    assert [path.stat().st_mode & 0o777 for path in (root, *below(root))] == [0o700] * 4 + [0o600]


@pytest.mark.parametrize(
    ("arrived_at", "path"),
    [
        (datetime(2026, 12, 31, 20, 59, 58, tzinfo=UTC), f"2026/12/31/235958-{CALL}.flac"),
        (datetime(2026, 12, 31, 21, 0, 0, tzinfo=UTC), f"2027/01/01/000000-{CALL}.flac"),
    ],
)
async def test_the_day_of_a_recording_is_that_of_its_arrival_in_moscow(
    database: Database, files: AsteriskFiles, settings: Settings, arrived_at: datetime, path: str
) -> None:
    clock = FakeClock(arrived_at)
    filer = RecordingFiler(database, files, settings, clock=clock)
    call = RecordedCall(files, clock, filer, CALL)
    call.sounds(4)
    call.hangs_up()
    await file_all(AsteriskLogReader(database, files, clock=clock), filer, clock)
    assert (await recording_of(database)).path == path


async def test_seconds_that_asterisk_dropped_are_padded_where_they_were(
    *,
    database: Database,
    root: Path,
    truth: AsteriskLogReader,
    filer: RecordingFiler,
    clock: FakeClock,
    call: RecordedCall,
) -> None:
    call.sounds(3)
    call.falls_silent(10)
    call.sounds(4)
    call.falls_silent(2)
    call.sounds(10)
    call.falls_silent(3)
    call.hangs_up()
    await file_all(truth, filer, clock)
    recording = await recording_of(database)
    assert recording.seconds == pytest.approx(32, abs=0.01)
    seconds = heard(root / (recording.path or ""))
    assert [seconds[at] for at in (1, 5, 8, 11, 15, 24, 31)] == ["b", "-", "-", "-", "b", "b", "-"]
    for gap, (at, lasted) in zip(recording.gaps, ((3, 10), (17, 2), (29, 3)), strict=True):
        assert gap["at"] == pytest.approx(at, abs=0.9)
        assert gap["seconds"] == pytest.approx(lasted, abs=0.6)
    assert not any("guessed" in gap for gap in recording.gaps)
    assert recording.state == RecordingState.FILED


async def test_silence_before_the_first_sound_is_kept(
    *,
    database: Database,
    root: Path,
    truth: AsteriskLogReader,
    filer: RecordingFiler,
    clock: FakeClock,
    call: RecordedCall,
) -> None:
    call.falls_silent(3)
    call.sounds(5)
    call.hangs_up()
    await file_all(truth, filer, clock)
    assert heard(root / ((await recording_of(database)).path or "")) == "---bbbbb"


async def test_seconds_lost_while_nobody_watched_are_padded_at_the_end_and_told(
    *,
    database: Database,
    root: Path,
    files: AsteriskFiles,
    truth: AsteriskLogReader,
    filer: RecordingFiler,
    clock: FakeClock,
) -> None:
    call = RecordedCall(files, clock, None, CALL)  # no controller is there
    call.sounds(3)
    call.falls_silent(5)
    call.sounds(4)
    call.hangs_up()
    await file_all(truth, filer, clock)
    recording = await recording_of(database)
    assert (recording.state, recording.seconds) == (RecordingState.SHORT, pytest.approx(12, abs=0.01))
    assert heard(root / (recording.path or "")) == "bbbbbbb-----"
    assert [gap["guessed"] for gap in recording.gaps] == [1.0]
    (alarm,) = await alarms(database)
    assert (alarm.kind, alarm.subject) == (AlarmKind.RECORDING, CALL)
    assert "не хватает 5 с" in alarm.message


async def test_a_recording_cut_off_by_a_full_disk_is_short(
    database: Database, truth: AsteriskLogReader, filer: RecordingFiler, clock: FakeClock, call: RecordedCall
) -> None:
    call.sounds(20)
    call.falls_silent(40)
    call.hangs_up()
    await file_all(truth, filer, clock)
    assert (await recording_of(database)).state == RecordingState.SHORT
    (alarm,) = await alarms(database)
    assert "не записано 40 с из 60" in alarm.message


async def test_a_recording_without_our_side_is_told(
    database: Database, truth: AsteriskLogReader, filer: RecordingFiler, clock: FakeClock, call: RecordedCall
) -> None:
    call.sounds(5, ours=0)
    call.hangs_up()
    await file_all(truth, filer, clock)
    assert (await recording_of(database)).state == RecordingState.SILENT
    (alarm,) = await alarms(database)
    assert (alarm.kind, alarm.subject) == (AlarmKind.RECORDING, CALL)


async def test_a_caller_may_be_silent(
    database: Database, truth: AsteriskLogReader, filer: RecordingFiler, clock: FakeClock, call: RecordedCall
) -> None:
    call.sounds(5, caller=0)
    call.hangs_up()
    await file_all(truth, filer, clock)
    assert (await recording_of(database)).state == RecordingState.FILED
    assert await alarms(database) == []


async def test_a_missing_recording_is_told_after_a_while(
    database: Database, truth: AsteriskLogReader, filer: RecordingFiler, clock: FakeClock, call: RecordedCall
) -> None:
    call.falls_silent(5)
    call.hangs_up()
    call.raw.unlink()
    await file_all(truth, filer, clock)
    await filer.mark_missing_recordings()
    assert (await recording_of(database)).state == RecordingState.PENDING, "it may still be on its way"
    clock.advance(seconds=15)
    await filer.mark_missing_recordings()
    assert (await recording_of(database)).state == RecordingState.MISSING
    (alarm,) = await alarms(database)
    assert (alarm.kind, alarm.subject) == (AlarmKind.RECORDING, CALL)


@pytest.mark.parametrize(("seconds", "told"), [(0.5, 0), (5, 1)])
async def test_an_empty_recording_is_told_unless_the_call_was_over_at_once(
    *,
    database: Database,
    truth: AsteriskLogReader,
    filer: RecordingFiler,
    clock: FakeClock,
    call: RecordedCall,
    seconds: float,
    told: int,
) -> None:
    call.falls_silent(seconds)
    call.hangs_up()
    await file_all(truth, filer, clock)
    assert (await recording_of(database)).state == RecordingState.MISSING
    assert len(await alarms(database)) == told
    assert not call.raw.exists()


async def test_a_recording_is_not_touched_while_its_call_goes_on(
    truth: AsteriskLogReader, filer: RecordingFiler, clock: FakeClock, call: RecordedCall
) -> None:
    call.sounds(2)
    call.falls_silent(30)
    assert await file_all(truth, filer, clock) == 0
    assert call.raw.exists()


async def test_a_recording_is_not_touched_while_asterisk_writes_it(
    truth: AsteriskLogReader, filer: RecordingFiler, clock: FakeClock, call: RecordedCall
) -> None:
    call.sounds(4)
    call.hangs_up()
    while await truth.read_new_lines():
        pass
    filer.sample_file_sizes()
    assert await filer.file_finished() == 0
    clock.advance(seconds=3)
    assert await filer.file_finished() == 1


async def test_a_full_disk_keeps_the_raw_file_until_there_is_room(
    *,
    database: Database,
    root: Path,
    truth: AsteriskLogReader,
    filer: RecordingFiler,
    clock: FakeClock,
    call: RecordedCall,
) -> None:
    rng = np.random.default_rng(1)
    with call.raw.open("ab") as file:  # noise, so that FLAC cannot make it small
        file.write(rng.integers(-9000, 9000, size=(RATE * 5, 2), dtype=np.int16).tobytes())
    clock.advance(seconds=5)
    call.hangs_up()
    with disk_of(50_000):
        assert await file_all(truth, filer, clock) == 0
    assert call.raw.exists()
    assert not below(root, "*.flac*"), "no half a file lies about"
    (alarm,) = await alarms(database)
    assert (alarm.subject, alarm.kind) in ((CALL, AlarmKind.RECORDING), ("recordings", AlarmKind.DISK))
    assert await filer.file_finished() == 0, "not tried again at once"
    clock.advance(seconds=30)
    assert await filer.file_finished() == 1
    assert (await recording_of(database)).state == RecordingState.FILED
    assert await alarms(database) == []


async def test_a_directory_that_cannot_be_written_is_the_disks_alarm(
    *,
    database: Database,
    root: Path,
    truth: AsteriskLogReader,
    filer: RecordingFiler,
    clock: FakeClock,
    call: RecordedCall,
) -> None:
    clear = be_in_the_way(root)
    call.sounds(2)
    call.hangs_up()
    await file_all(truth, filer, clock)
    (alarm,) = await alarms(database)
    assert (alarm.subject, alarm.kind) == ("recordings", AlarmKind.DISK)
    clock.advance(seconds=16)
    await filer.mark_missing_recordings()
    assert (await recording_of(database)).state == RecordingState.PENDING, "it is not missing: it waits"
    clear()
    clock.advance(seconds=15)
    assert await filer.file_finished() == 1
    assert await alarms(database) == []


async def test_one_recordings_trouble_is_not_the_others(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, filer: RecordingFiler, clock: FakeClock
) -> None:
    async with database.begin() as session:  # a fault nobody has thought of
        await session.execute(text("ALTER TABLE recording ADD CONSTRAINT fault CHECK (path NOT LIKE '%b1-17.0%')"))
    calls = [RecordedCall(files, clock, filer, f"b1-17.{number}") for number in range(2)]
    for call in calls:
        call.sounds(2)
        call.hangs_up()
    assert await file_all(truth, filer, clock) == 1
    assert (await recording_of(database, "b1-17.1")).path is not None
    assert calls[0].raw.exists()
    (alarm,) = [alarm for alarm in await alarms(database) if alarm.subject == "b1-17.0"]
    assert alarm.kind == AlarmKind.RECORDING


async def test_no_database_means_later(
    *,
    database: Database,
    cluster: PostgresCluster,
    truth: AsteriskLogReader,
    filer: RecordingFiler,
    clock: FakeClock,
    call: RecordedCall,
) -> None:
    call.sounds(2)
    call.hangs_up()
    while await truth.read_new_lines():
        pass
    cluster.stop()
    filer.sample_file_sizes()
    clock.advance(seconds=3)
    with pytest.raises(DatabaseUnavailable):
        await filer.file_finished()
    assert call.raw.exists()
    cluster.ensure_running()
    clock.advance(seconds=3)
    assert await filer.file_finished() == 1


@pytest.mark.parametrize("died", ["before the row", "after the row"])
async def test_a_filing_that_was_interrupted_is_done_again(
    *,
    database: Database,
    root: Path,
    files: AsteriskFiles,
    settings: Settings,
    truth: AsteriskLogReader,
    filer: RecordingFiler,
    clock: FakeClock,
    call: RecordedCall,
    died: str,
) -> None:
    call.sounds(2)
    call.hangs_up()
    raw = call.raw.read_bytes()
    await file_all(truth, filer, clock)
    call.raw.write_bytes(raw)
    if died == "before the row":
        async with database.begin() as session:
            await session.execute(text("UPDATE recording SET state = 'pending', path = NULL, gaps = '[]'"))
    before = await recording_of(database)
    filed_again = RecordingFiler(database, files, settings, clock=clock)
    clock.advance(minutes=1)
    assert await file_all(truth, filed_again, clock) == 1
    recording = await recording_of(database)
    assert (recording.state, recording.seconds) == (RecordingState.FILED, 2.0)
    assert (recording.filed_at == before.filed_at) == (died == "after the row")
    assert len(below(root, "*.flac*")) == 1
    assert not call.raw.exists()
    assert await alarms(database) == []


async def test_a_clock_put_forward_in_a_call_pads_no_hours(
    database: Database, files: AsteriskFiles, truth: AsteriskLogReader, filer: RecordingFiler, clock: FakeClock
) -> None:
    call = RecordedCall(files, clock, filer, CALL)
    call.sounds(4)
    clock.jump(hours=5)
    call.sounds(4)
    call.hangs_up()
    await file_all(truth, filer, clock)
    assert ((await recording_of(database)).seconds or 0) < 8 + 3

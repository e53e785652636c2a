"""Files recordings: converts Asterisk's raw file to a verified FLAC file and stores its row in the database.

The raw file is removed only after the row is committed. After a crash, a full disk or an unavailable database the raw
file is still there, and the next scan of the directory files it: the directory is the work queue.
"""

import asyncio
import re
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import clear_alarm, raise_alarm
from callcenter.calls.models import Call, RecordingState
from callcenter.calls.recordings import (
    KEPT,
    FiledRecording,
    RecordedSpan,
    keep_recording,
    overdue_recordings,
    recorded_span,
)
from callcenter.core.clock import Clock, SystemClock
from callcenter.core.database import Database
from callcenter.core.errors import DatabaseUnavailable
from callcenter.intake.intake_paths import IntakePaths
from callcenter.recordings.flac import WrittenRecording, write_flac
from callcenter.recordings.gaps import BUFFER_SECONDS, STALL, FileGrowth, Gap, Stall, find_gaps, find_surplus
from callcenter.settings import Settings

LOOK_SECONDS = 0.25
"""Seconds between two samples of the file sizes. Shorter: positions of gaps are known more exactly."""
QUIET_SECONDS = 2.0
"""Seconds without growth after which the raw file of an ended call counts as finished."""
MISSING_AFTER = timedelta(seconds=15)
"""Time after the end of a call until a recording without a file counts as missing."""
MISSING_EVERY = 5.0
"""Seconds between two searches for missing recordings."""
RETRY_SECONDS = 10.0
"""Seconds after a failed filing until the next attempt."""
MAX_UNLOCATED_LOSS_SECONDS = 3.0
"""Lost seconds at unknown positions from which a recording is marked short. Higher: fewer alarms."""
MAX_LOST_SECONDS = 30.0
"""Lost seconds, at known and unknown positions, from which a recording is marked short, if they are also at least half
of it. A full disk looks like this, and a phone that sends nothing while the caller waits."""
SILENT_PEAK = 100
"""Peak sample value (full scale 32768) below which our side counts as silent. The quietest A-law sample is 8."""
SILENT_AFTER = 3.0
"""Seconds of recording from which a silent side counts as a fault; a shorter call may end before any prompt."""

_CALL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DISK_ALARM_SUBJECT = "recordings"
_LOW_DISK_MB = 64
_log = structlog.get_logger()


@dataclass(slots=True)
class _RawFileState:
    """The observed state of a raw file. `grown_at`: wall-clock time of its last growth. `first_moment`, `rest_until`:
    monotonic seconds."""

    growth: FileGrowth
    first_seen: datetime
    first_moment: float
    grown_at: datetime
    rest_until: float = 0.0


class RecordingFiler:
    """Watches the directory of raw recordings and files the finished ones."""

    def __init__(
        self, database: Database, places: IntakePaths, settings: Settings, *, clock: Clock | None = None
    ) -> None:
        self._database = database
        self._monitor = places.raw_recordings
        self._root = settings.recordings_directory
        self._zone = settings.company.zone
        self._clock = clock or SystemClock()
        self._raw_files: dict[str, _RawFileState] = {}

    async def run(self) -> None:
        """Watches and files until cancelled. Waits while the database is unavailable."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_files())
            group.create_task(self._run_filing())

    def sample_file_sizes(self) -> None:
        """Samples the sizes of the raw files."""
        now, moment = self._clock.now(), self._clock.monotonic()
        sizes = {file.stem: size for file in self._monitor.glob("*.raw") if (size := _file_size(file)) is not None}
        for call_id in self._raw_files.keys() - sizes.keys():
            del self._raw_files[call_id]
        for call_id, size in sizes.items():
            watch = self._raw_files.get(call_id)
            if watch is None:
                self._raw_files[call_id] = _RawFileState(FileGrowth(moment, size), now, moment, now)
                continue
            if size != watch.growth.size:
                watch.grown_at = now
            watch.growth.update_size(moment, size)

    async def file_finished(self) -> int:
        """Files every finished recording. Returns their number. Raises DatabaseUnavailable."""
        moment = self._clock.monotonic()
        filed = 0
        for call_id, watch in tuple(self._raw_files.items()):
            if moment - watch.growth.since < QUIET_SECONDS or moment < watch.rest_until:
                continue
            watch.rest_until = moment + QUIET_SECONDS  # the call may be live, or not in the database yet
            try:
                if _CALL_ID.fullmatch(call_id) and await self._file(call_id, watch):
                    filed += 1
            except DatabaseUnavailable:
                raise
            except Exception as error:  # one bad recording must not block the others
                _log.exception("a recording cannot be filed", call_id=call_id)
                watch.rest_until = moment + RETRY_SECONDS
                await self._raise_failure_alarm(call_id, error)
        return filed

    async def mark_missing_recordings(self) -> None:
        """Marks the recordings of ended calls without a raw file as missing. Raises DatabaseUnavailable."""
        now = self._clock.now()
        async with self._database.begin() as session:
            overdue = await overdue_recordings(session, ended_before=now - MISSING_AFTER)
            spans = [await recorded_span(session, call_id) for call_id in overdue if call_id not in self._raw_files]
        for span in spans:
            if span is not None:
                await self._save_missing(span, fault="файла записи нет")

    def path_for(self, call: Call) -> Path:
        """The path of a call's recording relative to the recordings directory, by date in the company's time zone."""
        local = call.arrived_at.astimezone(self._zone)
        return Path(local.strftime("%Y/%m/%d")) / f"{local:%H%M%S}-{call.id}.flac"

    async def _watch_files(self) -> None:
        while True:
            self.sample_file_sizes()
            await asyncio.sleep(LOOK_SECONDS)

    async def _run_filing(self) -> None:
        told_at = -MISSING_EVERY
        while True:
            try:
                await self.file_finished()
                if self._clock.monotonic() - told_at >= MISSING_EVERY:
                    await self.mark_missing_recordings()
                    told_at = self._clock.monotonic()
            except DatabaseUnavailable:
                _log.warning("database away, recordings wait")
            await asyncio.sleep(1.0)

    async def _file(self, call_id: str, watch: _RawFileState) -> bool:
        async with self._database.begin() as session:
            span = await recorded_span(session, call_id)
        if span is None:
            return False
        raw = self._monitor / f"{call_id}.raw"
        if await self._was_filed(span):
            raw.unlink(missing_ok=True)
            return True
        if watch.growth.size == 0:
            await self._save_missing(span, fault="файл записи пуст")
            raw.unlink(missing_ok=True)
            return True
        seconds = min(span.seconds, self._watched_seconds(watch, span))
        gaps = find_gaps(size=watch.growth.size, wall_seconds=seconds, stalls=_collect_stalls(watch, span))
        surplus = find_surplus(size=watch.growth.size, wall_seconds=seconds)
        try:
            target = self._root / self.path_for(span.call)
            written = await asyncio.to_thread(write_flac, raw, target, root=self._root, gaps=gaps, surplus=surplus)
        except FileNotFoundError:  # already filed by another controller
            return False
        await self._save(span, written, gaps)
        raw.unlink(missing_ok=True)
        return True

    async def _was_filed(self, span: RecordedSpan) -> bool:
        """Whether an earlier controller filed the recording and died before it removed the raw file."""
        kept = span.recording
        if kept is None or kept.state not in KEPT or kept.path is None:
            return False
        return _file_size(self._root / kept.path) == kept.bytes

    async def _save(self, span: RecordedSpan, written: WrittenRecording, gaps: tuple[Gap, ...]) -> None:
        now, call_id = self._clock.now(), span.call.id
        state, fault = judge_recording(written, gaps)
        filed = FiledRecording(
            path=self.path_for(span.call).as_posix(),
            seconds=written.seconds,
            bytes=written.bytes,
            sha256=written.sha256,
            gaps=tuple(gap.as_facts() for gap in gaps),
        )
        async with self._database.begin() as session:
            await keep_recording(session, call_id, state=state, now=now, filed=filed, fault=fault)
            await clear_alarm(session, kind=AlarmKind.RECORDING, subject=call_id, now=now)
            await clear_alarm(session, kind=AlarmKind.DISK, subject=_DISK_ALARM_SUBJECT, now=now)
            if fault is not None:
                await raise_alarm(
                    session,
                    kind=AlarmKind.RECORDING,
                    subject=call_id,
                    message=f"Запись разговора неполная: {fault}.",
                    now=now,
                )

    async def _save_missing(self, span: RecordedSpan, *, fault: str) -> None:
        """Marks the recording of a call as missing. A call shorter than 1 s raises no alarm."""
        now = self._clock.now()
        async with self._database.begin() as session:
            await keep_recording(session, span.call.id, state=RecordingState.MISSING, now=now, fault=fault)
            if span.seconds >= 1.0:
                await raise_alarm(
                    session,
                    kind=AlarmKind.RECORDING,
                    subject=span.call.id,
                    message=f"Записи разговора нет: {fault}.",
                    now=now,
                )

    def _watched_seconds(self, watch: _RawFileState, span: RecordedSpan) -> float:
        """Upper bound of the recorded seconds by the monotonic clock, in case the wall clock was set forward."""
        before = max(0.0, (watch.first_seen - span.started_at).total_seconds())
        return before + self._clock.monotonic() - watch.first_moment

    async def _raise_failure_alarm(self, call_id: str, error: Exception) -> None:
        """Raises an alarm: a disk alarm, which concerns all recordings, or an alarm for this recording."""
        free = _measure_free_mb(self._root)
        disk = isinstance(error, OSError) or free < _LOW_DISK_MB
        async with self._database.begin() as session:
            await raise_alarm(
                session,
                kind=AlarmKind.DISK if disk else AlarmKind.RECORDING,
                subject=_DISK_ALARM_SUBJECT if disk else call_id,
                message=(
                    f"Записи не сохраняются: {error}. Свободно {free} МБ. Исходные файлы целы и подождут."
                    if disk
                    else f"Запись разговора пока не сохранена: {error}. Исходный файл цел, попробуем ещё."
                ),
                now=self._clock.now(),
                facts={"call": call_id},
            )


def judge_recording(written: WrittenRecording, gaps: tuple[Gap, ...]) -> tuple[RecordingState, str | None]:
    """Returns the state of a written recording, and its fault in Russian, or None if there is none.

    A call in which our side is never heard was recorded badly, because our side always speaks first. A silent caller is
    no fault, because the caller may just have said nothing.
    """
    guessed = sum(gap.seconds for gap in gaps if gap.guessed)
    if guessed >= MAX_UNLOCATED_LOSS_SECONDS:
        return RecordingState.SHORT, f"не хватает {guessed:.0f} с, где именно — неизвестно"
    lost = sum(gap.seconds for gap in gaps)
    if lost >= max(MAX_LOST_SECONDS, written.seconds / 2):
        return RecordingState.SHORT, f"не записано {lost:.0f} с из {written.seconds:.0f}"
    if written.seconds >= SILENT_AFTER and written.peaks[1] < SILENT_PEAK:
        return RecordingState.SILENT, "нашей стороны не слышно"
    return RecordingState.FILED, None


def _collect_stalls(watch: _RawFileState, span: RecordedSpan) -> tuple[Stall, ...]:
    """The observed stalls, including one that lasted until the hang-up."""
    stood = (span.ended_at - watch.grown_at).total_seconds()
    if watch.first_seen < span.ended_at and stood >= STALL:
        return (*watch.growth.stalls, Stall(watch.growth.size, stood - BUFFER_SECONDS))
    return watch.growth.stalls


def _file_size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return None


def _measure_free_mb(directory: Path) -> int:
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    return shutil.disk_usage(existing).free >> 20

"""Removes expired recordings and watches the free disk space. `schedule/ticks.py` calls it."""

import shutil
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import clear_alarm, raise_alarm
from callcenter.calls.models import Recording
from callcenter.calls.recordings import claim_expired, expire_recording
from callcenter.journal.tape import tape_beside


async def expire_recordings(
    session: AsyncSession, root: Path, *, ended_before: datetime, now: datetime, limit: int = 100
) -> int:
    """Removes the recordings and tapes of calls that ended before `ended_before`; the rows stay.

    Returns the number of recordings removed, at most `limit`. The file is removed before the commit: after a crash in
    between, the next run finds a row without a file and continues. A file that cannot be removed raises an alarm and is
    skipped.
    """
    removed = 0
    for recording in await claim_expired(session, ended_before=ended_before, limit=limit):
        if recording.path is not None:
            file = root / recording.path
            try:
                tape_beside(file).unlink(missing_ok=True)
                file.unlink(missing_ok=True)
            except OSError as error:
                await _raise_removal_alarm(session, recording, error, now=now)
                continue
            _remove_empty_directories(file.parent, root)
        await expire_recording(session, recording)
        removed += 1
    return removed


async def watch_disk(session: AsyncSession, directory: Path, *, low_mb: int, now: datetime) -> int:
    """Raises or clears the alarm for free disk space (threshold `low_mb`). Returns the free mebibytes."""
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(existing).free >> 20
    if free < low_mb:
        await raise_alarm(
            session,
            kind=AlarmKind.DISK,
            subject="space",
            message=f"Мало места для записей: свободно {free} МБ, нужно не меньше {low_mb} МБ.",
            now=now,
            facts={"free_mb": free},
        )
    else:
        await clear_alarm(session, kind=AlarmKind.DISK, subject="space", now=now)
    return free


async def _raise_removal_alarm(session: AsyncSession, recording: Recording, error: OSError, *, now: datetime) -> None:
    await raise_alarm(
        session,
        kind=AlarmKind.RECORDING,
        subject=recording.call_id,
        message=f"Срок хранения записи вышел, а удалить её не удаётся: {error.strerror}.",
        now=now,
    )


def _remove_empty_directories(directory: Path, root: Path) -> None:
    """Removes the directories of the day, month and year that are empty."""
    while directory != root and root in directory.parents:
        try:
            directory.rmdir()
        except OSError:  # not empty, for example because of a recording being filed
            return
        directory = directory.parent

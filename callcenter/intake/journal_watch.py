"""The board told of a journal in trouble by whoever writes it: its disk is full, or nobody puts its notes into records.

The clerk that should is another program. When it hangs, calls go on, and nobody would see that their records do not.
"""

import asyncio
from datetime import timedelta

import structlog

from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import clear_alarm, raise_alarm
from callcenter.core.clock import Clock
from callcenter.core.database import Database
from callcenter.core.errors import DatabaseUnavailable
from callcenter.intake.applying import unapplied_since
from callcenter.journal.notes import Journal

LOOK_SECONDS = 1.0
LATE_AFTER = timedelta(seconds=30)
"""A note waits for a quarter of a second; after an absence of the database longer, but then notes go in."""
LATE_LOOKS = 10
"""Looks at the disk to one at the records."""

_log = structlog.get_logger()


async def watch_journal(journal: Journal, database: Database, clock: Clock) -> None:
    """Keeps both alarms in step with what is, until cancelled."""
    full: bool | None = None  # an earlier controller's alarms may stand
    late: bool | None = None
    looks = 0
    while True:
        try:
            if journal.disk_is_full != full:
                full = await _update_disk_alarm(database, clock, full=journal.disk_is_full)
            if looks % LATE_LOOKS == 0:
                late = await _update_late_alarm(database, clock, journal, shown=late)
            looks += 1
        except DatabaseUnavailable:
            _log.warning("database away, nobody is told of the journal")
        await asyncio.sleep(LOOK_SECONDS)


async def _update_disk_alarm(database: Database, clock: Clock, *, full: bool) -> bool:
    """Returns what is shown now."""
    async with database.begin() as session:
        if full:
            message = "Записи о звонках не помещаются на диск: освободите место. Пока они только в памяти."
            await raise_alarm(session, kind=AlarmKind.DISK, subject="journal", message=message, now=clock.now())
        else:
            await clear_alarm(session, kind=AlarmKind.DISK, subject="journal", now=clock.now())
    return full


async def _update_late_alarm(database: Database, clock: Clock, book: Journal, *, shown: bool | None) -> bool:
    """Returns what is shown now."""
    now = clock.now()
    async with database.begin() as session:
        since = await unapplied_since(session, book.directory)
        late = since is not None and now - since >= LATE_AFTER
        if late and not shown:
            message = (
                "Записи о звонках не вносятся: программа «clerk» не работает или не успевает. Звонки идут, ничего не "
                "теряется; перезапустите её: `callcenter stop --keep-calls`, `callcenter run`."
            )
            await raise_alarm(session, kind=AlarmKind.JOURNAL, subject="late", message=message, now=now)
        elif not late and shown is not False:
            await clear_alarm(session, kind=AlarmKind.JOURNAL, subject="late", now=now)
    return late

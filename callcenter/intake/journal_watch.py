"""Raises alarms about the journal: its disk is full, or its notes are not applied. Runs in the controller.

The clerk, a separate process, applies the notes. While the clerk hangs, calls continue, so the missing records would
stay unnoticed without this watch.
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
"""Interval between two disk checks."""
LATE_AFTER = timedelta(seconds=30)
"""Age of the oldest unapplied note that raises the alarm. Normally a note is applied after about 0.25 s. Shorter: false
alarms while the clerk catches up after a database outage; longer: a hanging clerk is noticed later."""
LATE_LOOKS = 10
"""The age of the notes is checked at every tenth disk check."""

_log = structlog.get_logger()


async def watch_journal(journal: Journal, database: Database, clock: Clock) -> None:
    """Raises and clears both alarms as the state changes, until cancelled."""
    full: bool | None = None  # unknown: an earlier controller may have left an open alarm
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
    """Returns whether the alarm is open now."""
    async with database.begin() as session:
        if full:
            message = "Записи о звонках не помещаются на диск: освободите место. Пока они только в памяти."
            await raise_alarm(session, kind=AlarmKind.DISK, subject="journal", message=message, now=clock.now())
        else:
            await clear_alarm(session, kind=AlarmKind.DISK, subject="journal", now=clock.now())
    return full


async def _update_late_alarm(database: Database, clock: Clock, book: Journal, *, shown: bool | None) -> bool:
    """Returns whether the alarm is open now. `shown`: whether it was open before; None: unknown."""
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

"""Runs periodic jobs. Due work is found in database tables, so a tick that comes twice, late, or on two machines at
once does no harm."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from callcenter.callbacks.service import raise_breach_alarms, warn_of_due_callbacks
from callcenter.core.clock import Clock, SystemClock
from callcenter.core.database import Database
from callcenter.core.errors import DatabaseUnavailable
from callcenter.recordings.retention import expire_recordings, watch_disk
from callcenter.reporting.verification import PROVEN_AT, find_doubted_days, find_due_days, verify_days
from callcenter.settings import Settings
from callcenter.staff.service import forget_expired
from callcenter.tickets.overdue import raise_overdue_alarms

CALLBACKS_EVERY = 5.0
TICKETS_EVERY = 5.0
DISK_EVERY = 30.0
CLEAN_EVERY = 600.0
RETENTION_EVERY = 3600.0
REVERIFY_SECONDS = 600.0
FIRST_AFTER = 1.0
CLOCK_EVERY = 5.0
"""Intervals of the jobs, delay of their first run after the start, and interval of clock checks, in seconds."""
CLOCK_STEP = 2.0
"""Drift in seconds between wall clock and monotonic clock, between two checks, above which the wall clock was set."""

_log = structlog.get_logger()

Tick = Callable[[], Awaitable[None]]


class Ticks:
    """The periodic jobs of the call centre."""

    def __init__(self, database: Database, settings: Settings, *, clock: Clock | None = None) -> None:
        self._database = database
        self._settings = settings
        self._zone = settings.company.zone
        self._clock = clock or SystemClock()

    async def run(self) -> None:
        """Runs the jobs until cancelled."""
        scheduler = AsyncIOScheduler(timezone=ZoneInfo("UTC"))
        for tick, seconds in (
            (self.warn_of_due_callbacks, CALLBACKS_EVERY),
            (self.warn_of_overdue_tickets, TICKETS_EVERY),
            (self.check_disk, DISK_EVERY),
            (self.expire_old_recordings, RETENTION_EVERY),
            (self.delete_expired_sessions, CLEAN_EVERY),
            (self.verify_open_days, REVERIFY_SECONDS),
        ):
            scheduler.add_job(
                _guarded,
                "interval",
                args=[tick],
                seconds=seconds,
                next_run_time=self._clock.now() + timedelta(seconds=FIRST_AFTER),
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        scheduler.add_job(
            _guarded,
            "cron",
            args=[self.verify_yesterday],
            hour=PROVEN_AT.hour,
            minute=PROVEN_AT.minute,
            timezone=self._zone,
            next_run_time=self._clock.now() + timedelta(seconds=FIRST_AFTER),  # a run may have been missed while off
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        scheduler.start()
        try:
            await self._watch_clock_steps(scheduler)
        finally:
            scheduler.shutdown(wait=False)

    async def _watch_clock_steps(self, scheduler: AsyncIOScheduler) -> None:
        """Runs all jobs at once when the wall clock was set, because the scheduler follows the wall clock.

        If the clock is set back by an hour, no job would otherwise run for an hour.
        """
        ahead = self._wall_clock_offset()
        while True:
            await asyncio.sleep(CLOCK_EVERY)
            step, ahead = self._wall_clock_offset() - ahead, self._wall_clock_offset()
            if abs(step) > CLOCK_STEP:
                _log.warning("the clock was set", step=round(step, 1))
                for job in scheduler.get_jobs():
                    job.modify(next_run_time=self._clock.now())

    def _wall_clock_offset(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()

    async def warn_of_due_callbacks(self) -> None:
        async with self._database.begin() as session:
            await warn_of_due_callbacks(session, now=self._clock.now())
            await raise_breach_alarms(session, now=self._clock.now())

    async def warn_of_overdue_tickets(self) -> None:
        async with self._database.begin() as session:
            await raise_overdue_alarms(session, now=self._clock.now())

    async def check_disk(self) -> None:
        recordings = self._settings.recordings
        async with self._database.begin() as session:
            await watch_disk(
                session,
                self._settings.recordings_directory,
                low_mb=recordings.low_disk_mb,
                now=self._clock.now(),
            )

    async def expire_old_recordings(self) -> None:
        keep = timedelta(days=self._settings.recordings.retention_days)
        while True:  # in batches, so that no transaction locks many rows
            now = self._clock.now()
            async with self._database.begin() as session:
                removed = await expire_recordings(
                    session, self._settings.recordings_directory, ended_before=now - keep, now=now
                )
            if not removed:
                return

    async def verify_yesterday(self) -> None:
        """Verifies yesterday and the days before it, in case the controller was off on a morning."""
        await self._prove(find_due_days(self._clock.now(), self._zone))

    async def verify_open_days(self) -> None:
        """Verifies the days with alarms on the board again, to clear the alarms of repaired days."""
        await self._prove(await find_doubted_days(self._database, zone=self._zone, now=self._clock.now()))

    async def _prove(self, days: list[date]) -> None:
        root = self._settings.recordings_directory
        await verify_days(self._database, root, days, zone=self._zone, now=self._clock.now())

    async def delete_expired_sessions(self) -> None:
        async with self._database.begin() as session:
            await forget_expired(session, now=self._clock.now())


async def _guarded(tick: Tick) -> None:
    """Runs a job. Logs an exception instead of raising it, so that the scheduler goes on."""
    try:
        await tick()
    except DatabaseUnavailable:
        _log.warning("database away, the next tick tries again", tick=getattr(tick, "__name__", "tick"))
    except Exception:
        _log.exception("a tick failed", tick=getattr(tick, "__name__", "tick"))

"""Reads a snapshot of the database for the metrics, at most once in `KEPT_SECONDS`, however often metrics are read."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from callcenter.calls.models import CallState, Outcome, RecordingState
from callcenter.calls.statistics import (
    CallStateCount,
    WaitTimes,
    count_lease_ends,
    count_outcomes,
    count_recordings,
    count_unfiled,
    measure_waits,
    standing_calls,
)
from callcenter.conducting.deadline import run_within
from callcenter.core.clock import Clock
from callcenter.core.database import Database
from callcenter.core.errors import DatabaseUnavailable
from callcenter.intake.applying import saved_position
from callcenter.journal.notes import JournalPosition
from callcenter.queues.models import MemberState
from callcenter.queues.views import members

KEPT_SECONDS = 5.0
"""Seconds for which a snapshot is reused."""
LOOK_SECONDS = 3.0
"""Timeout of reading a snapshot, in seconds."""
ANSWER_BOUNDS = (5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0)
"""Histogram buckets in seconds of the time in the queue until a dispatcher answered."""
FAULTS = (RecordingState.MISSING, RecordingState.SHORT, RecordingState.SILENT)


@dataclass(frozen=True, slots=True)
class DatabaseSnapshot:
    """Values from the database at moment `at`.

    Totals count events since the watcher was created. `outcomes` may decrease when an outcome changes later.
    """

    at: datetime
    calls: Mapping[CallState, CallStateCount]
    members: Mapping[MemberState, int]
    unfiled_recordings: int
    outcomes: Mapping[Outcome, int]
    faults_by_state: Mapping[RecordingState, int]
    waits: WaitTimes
    lease_ends: int


class DatabaseWatcher:
    """Reads snapshots on demand. Use it from one event loop."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._began_at = clock.now()
        self._turn = asyncio.Lock()
        self._look: DatabaseSnapshot | None = None
        self._looked_at: float | None = None
        self._away_since: float | None = None
        self.applied_position: JournalPosition | None = None
        """Position up to which the journal is applied, from the last successful snapshot."""

    @property
    def unavailable_seconds(self) -> float:
        """Seconds since the database stopped answering snapshots; 0 while it answers."""
        return 0.0 if self._away_since is None else self._clock.monotonic() - self._away_since

    async def read_snapshot(self) -> DatabaseSnapshot | None:
        """Returns a snapshot at most `KEPT_SECONDS` old, or None while the database is unavailable."""
        async with self._turn:
            now = self._clock.monotonic()
            if self._looked_at is None or now - self._looked_at >= KEPT_SECONDS:
                try:
                    self._look = await run_within(LOOK_SECONDS, self._ask())
                    self._away_since = None
                except (DatabaseUnavailable, TimeoutError):
                    self._look = None
                    self._away_since = now if self._away_since is None else self._away_since
                self._looked_at = now
            return self._look

    async def _ask(self) -> DatabaseSnapshot:
        since = self._began_at
        async with self._database.begin() as session:
            self.applied_position = await saved_position(session)
            return DatabaseSnapshot(
                at=self._clock.now(),
                calls=await standing_calls(session),
                members=Counter(member.state for member in await members(session)),
                unfiled_recordings=await count_unfiled(session),
                outcomes=await count_outcomes(session, since=since),
                faults_by_state=await count_recordings(session, since=since),
                waits=await measure_waits(session, since=since, bounds=ANSWER_BOUNDS),
                lease_ends=await count_lease_ends(session, since=since),
            )

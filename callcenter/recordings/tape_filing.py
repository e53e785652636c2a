"""Files tapes: moves the spool file of a call beside its recording, and adds Asterisk's log lines and the outcome.

The spool directory is the work queue: after a crash the spool file is still there, and the next scan files it. A call
recorded while no controller runs gets an empty spool file, so that its tape has at least Asterisk's lines. A call
without a recording keeps its tape in the spool directory for the retention time of recordings.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import select

from callcenter.calls.models import Call, CallEvent, CallState, EventSource, Outcome, Recording
from callcenter.calls.recordings import KEPT
from callcenter.core.clock import Clock, SystemClock
from callcenter.core.database import Database
from callcenter.core.errors import DatabaseUnavailable
from callcenter.intake.cel import parse_cel_line
from callcenter.intake.intake_paths import IntakePaths
from callcenter.intake.queue_log import parse_queue_line
from callcenter.journal.editions import EDITIONS_DIRECTORY
from callcenter.journal.reverse_reader import read_backwards
from callcenter.journal.tape import TAPE_SUFFIX, TapeSource, tape_beside, write_line
from callcenter.settings import Settings

LOOK_SECONDS = 2.0
"""Seconds between two scans of the spool directory."""
OUTCOME_WAIT = timedelta(minutes=1)
"""Time after the end of a call to wait for its outcome; then the tape is filed without an outcome."""
MAX_SEARCH_BYTES = 64 << 20
"""Limit in bytes of the backward search for a call's lines in an Asterisk log file."""
_QUEUE_LOG_MARGIN = timedelta(hours=2)
"""The search in queue_log goes back this long before the call's arrival, in case the clock was set back."""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _FinishedCall:
    """A call whose tape can be filed. `target`: path of the filed tape."""

    call_id: str
    arrived_at: datetime
    ended_at: datetime
    outcome: Outcome | None
    target: Path
    kinds: tuple[str, ...]


class TapeFiler:
    """Files the tapes of finished calls."""

    def __init__(
        self, database: Database, places: IntakePaths, spool: Path, settings: Settings, *, clock: Clock | None = None
    ) -> None:
        self._database = database
        self._places = places
        self._spool = spool
        self._root = settings.recordings_directory
        self._keep = timedelta(days=settings.recordings.retention_days)
        self._clock = clock or SystemClock()

    async def run(self) -> None:
        """Files tapes until cancelled. Waits while the database is unavailable."""
        while True:
            try:
                await self.file_finished()
            except DatabaseUnavailable:
                _log.warning("database away, tapes wait")
            except OSError as error:
                _log.error("tapes cannot be filed; they wait", error=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def file_finished(self) -> int:
        """Files the tape of every ended call whose recording is filed. Returns their number.

        Raises DatabaseUnavailable and OSError.
        """
        spooled = await asyncio.to_thread(self._list_spooled_calls)
        if not spooled:
            return 0
        ended = await self._find_finished_calls(spooled)
        for call in ended:
            await asyncio.to_thread(self._file_tape, call)
        return len(ended)

    def _list_spooled_calls(self) -> list[str]:
        """Returns the call ids with a spool file, after removing expired files and creating those of recorded calls."""
        self._spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        recorded = {raw.stem for raw in self._places.raw_recordings.glob("*.raw")}
        too_old = (self._clock.now() - self._keep).timestamp()
        found = set()
        for file in self._spool.glob(f"*{TAPE_SUFFIX}"):
            call_id = file.name.removesuffix(TAPE_SUFFIX)
            if call_id not in recorded and file.stat().st_mtime < too_old:
                file.unlink()
            else:
                found.add(call_id)
        for call_id in recorded - found:
            os.close(os.open(self._spool / f"{call_id}{TAPE_SUFFIX}", os.O_WRONLY | os.O_CREAT, 0o600))
        return sorted(found | recorded)

    async def _find_finished_calls(self, call_ids: Sequence[str]) -> list[_FinishedCall]:
        now = self._clock.now()
        async with self._database.begin() as session:
            rows = await session.execute(
                select(Call, Recording.path)
                .join(Recording, Recording.call_id == Call.id)
                .where(Call.id.in_(call_ids), Call.state == CallState.ENDED, Recording.state.in_(KEPT))
            )
            found = []
            for call, path in rows:
                if path is None or call.ended_at is None:
                    continue
                if call.outcome is None and abs(now - call.ended_at) < OUTCOME_WAIT:
                    continue
                kinds = await session.scalars(
                    select(CallEvent.kind)
                    .where(CallEvent.call_id == call.id, CallEvent.source != EventSource.CENTRE)
                    .distinct()
                )
                target = tape_beside(self._root / path)
                found.append(
                    _FinishedCall(call.id, call.arrived_at, call.ended_at, call.outcome, target, tuple(sorted(kinds)))
                )
        return found

    def _file_tape(self, call: _FinishedCall) -> None:
        spooled = self._spool / f"{call.call_id}{TAPE_SUFFIX}"
        if not call.target.exists():  # if it exists, a crash prevented the removal of the spool file
            part = call.target.with_name(f".{call.target.name}.part")
            lines = b"".join(
                [*self._collect_cel_lines(call), *self._collect_queue_lines(call), self._make_outcome_line(call)]
            )
            try:
                with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                    content = spooled.read_bytes()
                    file.write(content if content.endswith(b"\n") or not content else content + b"\n")
                    file.write(lines)
                part.replace(call.target)
            finally:
                part.unlink(missing_ok=True)
            self._copy_editions()
        spooled.unlink(missing_ok=True)

    def _copy_editions(self) -> None:
        """Copies the script editions to the recordings; a few kilobytes for each change of a script."""
        for edition in (self._spool / EDITIONS_DIRECTORY).glob("*.json"):
            target = self._root / EDITIONS_DIRECTORY / edition.name
            if not target.exists():
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                part = target.with_suffix(".part")
                part.write_bytes(edition.read_bytes())
                part.chmod(0o600)
                part.replace(target)

    def _collect_cel_lines(self, call: _FinishedCall) -> list[bytes]:
        """Reads back to CHAN_START of the caller's channel, the first line of a call even if the clock was set."""
        found = []
        for line in read_backwards(self._places.cel_file, limit=MAX_SEARCH_BYTES):
            event = parse_cel_line(line) if call.call_id in line else None
            if event is None or event.call_id != call.call_id:
                continue
            found.append(write_line(event.at, TapeSource.CEL, {"line": line}))
            if event.kind == "CHAN_START" and event.is_caller_channel:
                break
        return found[::-1]

    def _collect_queue_lines(self, call: _FinishedCall) -> list[bytes]:
        found = []
        for line in read_backwards(self._places.queue_log, limit=MAX_SEARCH_BYTES):
            event = parse_queue_line(line)
            if event is not None and event.at < call.arrived_at - _QUEUE_LOG_MARGIN:
                break
            if event is not None and event.call_id == call.call_id:
                found.append(write_line(event.at, TapeSource.QUEUE_LOG, {"line": line}))
        return found[::-1]

    def _make_outcome_line(self, call: _FinishedCall) -> bytes:
        outcome = call.outcome.value if call.outcome is not None else None
        return write_line(call.ended_at, TapeSource.RECORD, {"outcome": outcome, "kinds": call.kinds})

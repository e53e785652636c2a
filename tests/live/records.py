"""What the centre keeps of the calls that were made, compared with what the callers know: at the end, of all of them.

A call is settled some seconds after its end. Waiting for that after every test would take minutes.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call as CallRow
from callcenter.calls.models import CallEvent, Recording, RecordingState
from callcenter.core.database import Database
from callcenter.tickets.models import Ticket
from tools.demo.prompt_samples import read_recording
from tools.softphone.call import Call
from tools.softphone.g711 import Samples

LENGTH_TOLERANCE = 0.5
"""Seconds by which a recording and the call the caller had may differ: signalling, the last frames."""
PATIENCE = 25.0


@dataclass(frozen=True, slots=True)
class Record:
    """All that the centre keeps of one call."""

    call: CallRow
    events: tuple[CallEvent, ...]
    ticket: Ticket | None
    task: Callback | None
    recording: Recording | None
    file: Path | None

    @property
    def settled(self) -> bool:
        if self.recording is None:
            return self.call.outcome is not None and "recording" not in self.kinds
        return self.call.outcome is not None and self.recording.state is not RecordingState.PENDING

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def channels(self) -> tuple[Samples, Samples]:
        """What was recorded: the caller, and what the caller was told."""
        assert self.file is not None, f"no recording: {self.recording}"
        return read_recording(self.file)


Check = Callable[[Record], None]


@dataclass(slots=True)
class Entry:
    """A call that was answered, and what its record must tell besides what every record must."""

    test: str
    dialled: str
    call: Call
    checks: list[Check] = field(default_factory=list)
    dropped: bool = False


class Ledger:
    """All calls the tests have made. `recordings` is the centre's directory of them."""

    def __init__(self, recordings: Path) -> None:
        self._recordings = recordings
        self.entries: list[Entry] = []

    def enter(self, call: Call, *, dialled: str, test: str) -> None:
        self.entries.append(Entry(test, dialled, call))

    def entry_of(self, call: Call) -> Entry:
        return next(entry for entry in self.entries if entry.call is call)

    async def settle(self, database: Database) -> list[str]:
        """Checks and forgets every call; what is wrong, a line each."""
        entries, self.entries = self.entries, []
        complaints = []
        for entry in entries:
            try:
                record = await self._wait_for(database, entry)
                if entry.dropped:
                    assert_broke_off(record)
                else:
                    assert_whole(entry.call, record)
                for check in entry.checks:
                    check(record)
            except AssertionError as error:
                complaints.append(f"{entry.test}, {entry.dialled}: {error}\n  {entry.call.describe()}")
        return complaints

    async def read(self, database: Database, dialled: str) -> Record | None:
        """What is kept by now of the call to this number."""
        async with database.begin() as session:
            call = await session.scalar(select(CallRow).where(CallRow.dialled == dialled))
            if call is None:
                return None
            events = await session.scalars(
                select(CallEvent).where(CallEvent.call_id == call.id).order_by(CallEvent.at, CallEvent.id)
            )
            ticket = await session.scalar(select(Ticket).where(Ticket.call_id == call.id))
            task = await session.scalar(select(Callback).where(Callback.call_id == call.id))
            recording = await session.get(Recording, call.id)
            file = self._recordings / recording.path if recording is not None and recording.path else None
            return Record(call, tuple(events), ticket, task, recording, file)

    async def _wait_for(self, database: Database, entry: Entry) -> Record:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + PATIENCE
        while True:
            record = await self.read(database, entry.dialled)
            if record is not None and record.settled:
                return record
            assert loop.time() < give_up, f"not settled: {record}"
            await asyncio.sleep(0.25)


def assert_broke_off(record: Record) -> None:
    """What a call leaves under which Asterisk died, or of which it could not write."""
    assert {"arrived", "lost"} <= set(record.kinds), record.kinds
    assert "ended" not in record.kinds
    assert record.ticket is not None, "no ticket, not even a draft"


def assert_whole(call: Call, record: Record) -> None:
    """What every answered call leaves: timeline, ticket, and a recording as long as the caller's call."""
    assert {"arrived", "answered", "ended"} <= set(record.kinds), record.kinds
    assert record.ticket is not None, "no ticket, not even a draft"
    if "overflow" in record.kinds:
        assert record.recording is None
        return
    assert record.recording is not None, "no recording was expected"
    lasted = call.second() - (call.answered_after or 0.0)
    if record.recording.state is RecordingState.MISSING:
        assert lasted < LENGTH_TOLERANCE, record.recording.fault
        return
    assert record.recording.state is RecordingState.FILED, record.recording.fault
    recorded = record.recording.seconds or 0.0
    assert abs(recorded - lasted) < LENGTH_TOLERANCE, f"{recorded:.2f} s recorded of {lasted:.2f} s"

"""Verifies a day: every call has an outcome, a recording, a ticket or draft, and a callback if it was missed.

Mismatches raise an alarm that stays until they are repaired, or for a week (DAYS), because a recording that was never
made cannot be repaired. To check another property of a call, add a field to `CallHoldings` and a function to
COMPARISONS.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import Alarm, AlarmKind
from callcenter.alarms.service import clear_alarm, raise_alarm
from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call, CallEvent, CallState, Recording, RecordingState
from callcenter.calls.recordings import KEPT
from callcenter.core.database import Database
from callcenter.core.event_kinds import EventKind
from callcenter.reporting.reconciliation import MISSED
from callcenter.tickets.models import TicketCall

PROVEN_AT = time(4, 30)
"""Local time of the verification on the next morning, when the day's calls have ended and the database load is low."""
DAYS = 7
"""Number of past days verified each morning, so that days missed during an outage are verified later."""
MOST_TOLD = 5
"""Mismatches listed in the message of the alarm; the rest are only counted."""


@dataclass(frozen=True, slots=True)
class CallHoldings:
    """A call and the objects that belong to it. `recording_started`: Asterisk reported the start of the recording."""

    call: Call
    recording_started: bool
    recording: Recording | None
    ticket_id: int | None
    callback_id: int | None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """`subject`: call id or file; `local_time`: local arrival time, HH:MM; `description`: what is wrong, in Russian."""

    subject: str
    local_time: str
    description: str

    def __str__(self) -> str:
        return f"{self.local_time} — {self.description}"


@dataclass(frozen=True, slots=True)
class DayVerification:
    """The result of verifying a day. `calls`: all calls; `recordings`: those with a recording file."""

    day: date
    calls: int
    recordings: int
    mismatches: tuple[Mismatch, ...]

    @property
    def message(self) -> str:
        """The alarm text for the board, in Russian."""
        told = "; ".join(map(str, self.mismatches[:MOST_TOLD]))
        more = f"; и ещё {len(self.mismatches) - MOST_TOLD}" if len(self.mismatches) > MOST_TOLD else ""
        return f"{self.day:%d.%m.%Y} не сошлось: звонков {self.calls}, записей {self.recordings}. {told}{more}."


def find_due_days(now: datetime, zone: ZoneInfo) -> list[date]:
    """The DAYS days to verify, newest first. A day is due from PROVEN_AT on the next day."""
    since = timedelta(hours=PROVEN_AT.hour, minutes=PROVEN_AT.minute)
    today = (now.astimezone(zone).replace(tzinfo=None) - since).date()
    return [today - timedelta(days=back) for back in range(1, DAYS + 1)]


async def verify_days(
    database: Database, recordings: Path, days: Sequence[date], *, zone: ZoneInfo, now: datetime
) -> list[DayVerification]:
    """Verifies these days and raises or clears their alarms. Raises DatabaseUnavailable."""
    proofs = []
    for day in days:
        async with database.begin() as session:
            proof = await verify_day(session, recordings, day, zone=zone)
            await _update_alarm(session, proof, now=now)
        proofs.append(proof)
    return proofs


async def find_doubted_days(database: Database, *, zone: ZoneInfo, now: datetime) -> list[date]:
    """The days with an open alarm. Clears the alarms of days older than DAYS first. Raises DatabaseUnavailable."""
    due = find_due_days(now, zone)
    async with database.begin() as session:
        subjects = await session.scalars(
            select(Alarm.subject).where(Alarm.kind == AlarmKind.PROOF, Alarm.cleared_at.is_(None))
        )
        days = sorted(date.fromisoformat(subject) for subject in subjects)
        for day in days:
            if day < due[-1]:
                await clear_alarm(session, kind=AlarmKind.PROOF, subject=day.isoformat(), now=now)
    return [day for day in days if day >= due[-1]]


async def verify_day(session: AsyncSession, recordings: Path, day: date, *, zone: ZoneInfo) -> DayVerification:
    """Verifies the calls that arrived on `day` in the company's time zone, and the recording files of that day."""
    begin = datetime.combine(day, time.min, zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    recorded = exists().where(CallEvent.call_id == Call.id, CallEvent.kind == EventKind.RECORDING)
    rows = await session.execute(
        select(Call, recorded, Recording, TicketCall.ticket_id, Callback.id)
        .outerjoin(Recording, Recording.call_id == Call.id)
        .outerjoin(TicketCall, and_(TicketCall.call_id == Call.id, TicketCall.is_main))
        .outerjoin(Callback, Callback.call_id == Call.id)
        .where(Call.arrived_at >= begin, Call.arrived_at < end)
        .order_by(Call.arrived_at)
    )
    held = [CallHoldings(call, began, recording, ticket, callback) for call, began, recording, ticket, callback in rows]
    return await asyncio.to_thread(_compare, held, recordings, day, zone)


def _compare(held: Sequence[CallHoldings], root: Path, day: date, zone: ZoneInfo) -> DayVerification:
    mismatches = [
        Mismatch(each.call.id, f"{each.call.arrived_at.astimezone(zone):%H:%M}", words)
        for each in held
        for compare in COMPARISONS
        for words in compare(each, root)
    ]
    named = {each.recording.path for each in held if each.recording is not None}
    for file in sorted((root / f"{day:%Y/%m/%d}").glob("*.flac")):
        path = file.relative_to(root).as_posix()
        if path not in named:
            mismatches.append(Mismatch(path, f"{file.name[:2]}:{file.name[2:4]}", "запись ни одного звонка"))
    kept = sum(each.recording is not None and each.recording.state in KEPT for each in held)
    return DayVerification(day, len(held), kept, tuple(mismatches))


def _compare_outcome(held: CallHoldings, _root: Path) -> Iterator[str]:
    if held.call.state != CallState.ENDED:
        yield "звонок до сих пор не окончен"
    elif held.call.outcome is None:
        yield "у звонка нет итога"


def _compare_recording(held: CallHoldings, root: Path) -> Iterator[str]:
    recording = held.recording
    if recording is None:
        if held.recording_started:
            yield "о записи разговора ничего не известно"
    elif recording.state is RecordingState.PENDING:
        yield "запись разговора не сохранена"
    elif recording.state is RecordingState.MISSING:
        yield "записи разговора нет"
    elif recording.state in KEPT:
        file = root / (recording.path or "")
        if recording.path is None or not file.is_file():
            yield "файл записи пропал"
        elif file.stat().st_size != recording.bytes:
            yield "файл записи не того размера"


def _compare_ticket(held: CallHoldings, _root: Path) -> Iterator[str]:
    if held.ticket_id is None:
        yield "нет ни заявки, ни черновика"
    if held.call.outcome in MISSED and held.callback_id is None:
        yield "до диспетчера не дозвонились, а задачи перезвонить нет"


COMPARISONS: tuple[Callable[[CallHoldings, Path], Iterator[str]], ...] = (
    _compare_outcome,
    _compare_recording,
    _compare_ticket,
)
"""Each function yields descriptions, in Russian, of what is wrong with a call."""


async def _update_alarm(session: AsyncSession, proof: DayVerification, *, now: datetime) -> None:
    subject = proof.day.isoformat()
    standing = await session.scalar(
        select(Alarm.message).where(Alarm.kind == AlarmKind.PROOF, Alarm.subject == subject, Alarm.cleared_at.is_(None))
    )
    if not proof.mismatches:
        await clear_alarm(session, kind=AlarmKind.PROOF, subject=subject, now=now)
    elif standing != proof.message:  # the mismatches have changed
        await clear_alarm(session, kind=AlarmKind.PROOF, subject=subject, now=now)
        await raise_alarm(
            session,
            kind=AlarmKind.PROOF,
            subject=subject,
            message=proof.message,
            now=now,
            facts={"mismatches": [f"{each.subject}: {each.description}" for each in proof.mismatches]},
        )

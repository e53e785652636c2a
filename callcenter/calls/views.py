"""Queries about calls, for the web desk and for ticket registration. Read-only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.models import Call, CallEvent, CallLeg, CallState, Outcome, Recording, RecordingState, Utterance
from callcenter.calls.recordings import RECORDING_BEGAN
from callcenter.calls.transcript_search import TranscriptHit, find_hits, keep_meaningful, read_terms, said_in_call
from callcenter.calls.transcripts import read_transcript

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class CallFilters:
    """Filters of the list of calls; None: any. By arrival: `since` <= t < `until`."""

    outcome: Outcome | None = None
    state: CallState | None = None
    danger: bool | None = None
    member: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    transcript_query: str = ""
    """Words that were said in the call; syntax in `calls/transcript_search.py`."""


@dataclass(frozen=True, slots=True)
class CallRow:
    """A row of the list. `recording`: None when the call was not recorded; `seconds`: length of the recording."""

    call: Call
    recording: RecordingState | None
    seconds: float | None
    hits: tuple[TranscriptHit, ...] = ()
    """Utterances that match `CallFilters.transcript_query`."""


@dataclass(frozen=True, slots=True)
class CallPage:
    """`page` counts from 1; `pages` is at least 1."""

    rows: tuple[CallRow, ...]
    total: int
    page: int
    pages: int
    only_stop_words: bool = False
    """True when `CallFilters.transcript_query` has stop words only, so that no search was made."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call with its legs, timeline, recording and transcript."""

    call: Call
    legs: tuple[CallLeg, ...]
    events: tuple[CallEvent, ...]
    recording: Recording | None
    transcript: tuple[Utterance, ...] = ()

    @property
    def recording_started_at(self) -> datetime:
        """Start of the recording, or the arrival of the call if the start is unknown."""
        begins = (event.at for event in self.events if event.kind == RECORDING_BEGAN)
        return next(begins, self.call.arrived_at)


async def live_calls(session: AsyncSession, company_id: int) -> Sequence[Call]:
    """A company's calls in progress: calls with a danger first, then the oldest first."""
    return (
        await session.scalars(
            select(Call)
            .where(Call.company_id == company_id, Call.state != CallState.ENDED, Call.outcome.is_(None))
            .order_by(Call.danger.is_(None), Call.arrived_at, Call.id)
        )
    ).all()


async def one_call(session: AsyncSession, company_id: int, call_id: str) -> Call | None:
    """The call; None when it does not exist or belongs to another company."""
    call = await session.get(Call, call_id)
    return call if call is not None and call.company_id == company_id else None


async def find_calls(
    session: AsyncSession, company_id: int, filters: CallFilters | None = None, *, search: str = "", page: int = 1
) -> CallPage:
    """A page of a company's calls, newest first. `search`: a part of the caller's number or of the call id.

    A page number out of range is clamped.
    """
    filters = filters or CallFilters()
    typed = read_terms(filters.transcript_query)
    terms = await keep_meaningful(session, typed)
    if typed and not terms:
        return CallPage((), 0, 1, 1, only_stop_words=True)
    conditions = [Call.company_id == company_id, *_build_conditions(filters, search), *said_in_call(terms)]
    total = await session.scalar(select(func.count()).select_from(Call).where(*conditions)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, page), pages)
    found = await session.execute(
        select(Call, Recording.state, Recording.seconds)
        .outerjoin(Recording, Recording.call_id == Call.id)
        .where(*conditions)
        .order_by(Call.arrived_at.desc(), Call.id.desc())
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    )
    rows = found.all()
    hits = await find_hits(session, [call.id for call, *_ in rows], terms)
    return CallPage(tuple(CallRow(*row, hits.get(row[0].id, ())) for row in rows), total, page, pages)


async def call_record(session: AsyncSession, company_id: int, call_id: str) -> CallRecord | None:
    """The call with its legs, timeline (both in order of time), recording and transcript.

    None when it does not exist or belongs to another company.
    """
    call = await session.get(Call, call_id)
    if call is None or call.company_id != company_id:
        return None
    legs = await session.scalars(
        select(CallLeg).where(CallLeg.call_id == call_id).order_by(CallLeg.started_at, CallLeg.id)
    )
    events = await session.scalars(
        select(CallEvent).where(CallEvent.call_id == call_id).order_by(CallEvent.at, CallEvent.id)
    )
    transcript = await read_transcript(session, call_id)
    return CallRecord(call, tuple(legs), tuple(events), await session.get(Recording, call_id), transcript)


def _build_conditions(filters: CallFilters, search: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.outcome is not None:
        conditions.append(Call.outcome == filters.outcome)
    if filters.state is not None:
        conditions.append(Call.state == filters.state)
    if filters.danger is not None:
        conditions.append(Call.danger.is_not(None) if filters.danger else Call.danger.is_(None))
    if filters.member is not None:
        conditions.append(Call.member == filters.member)
    if filters.since is not None:
        conditions.append(Call.arrived_at >= filters.since)
    if filters.until is not None:
        conditions.append(Call.arrived_at < filters.until)
    words = search.strip()
    if words:
        found = [Call.id.contains(words, autoescape=True), Call.caller_shown.contains(words, autoescape=True)]
        digits = re.sub(r"\D", "", words)
        if len(digits) >= 10:  # «8 911 …» and «+7 911 …» are the same number
            digits = digits[-10:]
        if digits:
            found.append(Call.caller_number.contains(digits))
        conditions.append(or_(*found))
    return conditions

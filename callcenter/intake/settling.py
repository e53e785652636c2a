"""Settles ended calls: decides the outcome, the callback and the fate of the draft ticket.

A call is settled after its last notes are applied, and again when a late note may change the verdict. Idempotent.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import Alarm, AlarmKind
from callcenter.alarms.service import raise_alarm
from callcenter.callbacks.models import CallbackKind
from callcenter.callbacks.service import open_callback, withdraw_callback
from callcenter.calls.models import Call, CallEvent, CallState, Outcome
from callcenter.calls.service import is_of_this_node, settle_outcome
from callcenter.core.database import is_conflict, is_unavailable, notify
from callcenter.core.event_kinds import EventKind
from callcenter.core.phone_numbers import parse_phone
from callcenter.intake.admission import CENTRE
from callcenter.intake.registration import ROBOT
from callcenter.tickets.service import drop_draft, restore_draft
from callcenter.tickets.views import ticket_of_call

GRACE = timedelta(seconds=4)
"""Delay between the end of a call and its settling: the last notes and the last CEL lines may still be written.
Shorter: more calls are settled twice; longer: callbacks are opened later."""

DECISIVE = frozenset(
    {
        *(EventKind.SERVED, EventKind.TICKET_WANTED, EventKind.ADDRESS_WANTED),
        *(
            EventKind.VOICEMAIL,
            EventKind.CALLBACK,
            EventKind.OVERFLOW,
            EventKind.CONNECTED,
            EventKind.TALK_ENDED,
            EventKind.QUEUED,
            EventKind.ENDED,
            EventKind.LOST,
        ),
    }
)
"""Kinds of timeline lines that the verdict depends on."""

_CONTACT_FACT = "контакт"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`callback_kind`: kind of callback to open, or None. `draft_drop_reason`: why the draft is dropped, in Russian;
    None keeps the draft for the dispatcher."""

    outcome: Outcome
    callback_kind: CallbackKind | None = None
    draft_drop_reason: str | None = None


def judge_call(kinds: Collection[str], *, registered: bool) -> Verdict:
    """The verdict on an ended call, from the kinds in its timeline. `registered`: the robot registered its ticket.

    A call lost by Asterisk is always called back, because it is unknown what the caller still heard. A call with
    `talk_ended` (reported by AMI) is not lost: its conversation ended, and Asterisk could not write the hangup to CEL.
    """
    verdict = _decide_by_events(kinds, registered=registered)
    broke_off = EventKind.LOST in kinds and EventKind.ENDED not in kinds and EventKind.TALK_ENDED not in kinds
    if broke_off and verdict.callback_kind in (None, CallbackKind.ABANDONED):
        return Verdict(verdict.outcome, CallbackKind.LOST)
    return verdict


def _decide_by_events(kinds: Collection[str], *, registered: bool) -> Verdict:
    promised = CallbackKind.PROMISE if EventKind.TICKET_WANTED in kinds else None
    if EventKind.CONNECTED in kinds:
        return Verdict(Outcome.TALKED, promised)
    for kind, outcome, task in (
        (EventKind.CALLBACK, Outcome.CALLBACK, CallbackKind.CALLBACK),
        (EventKind.VOICEMAIL, Outcome.VOICEMAIL, CallbackKind.VOICEMAIL),
        (EventKind.OVERFLOW, Outcome.OVERFLOW, CallbackKind.OVERFLOW),
        (EventKind.QUEUED, Outcome.ABANDONED, CallbackKind.ABANDONED),
    ):
        if kind in kinds:
            return Verdict(outcome, task)
    if registered or promised:
        return Verdict(Outcome.ROBOT, CallbackKind.PROMISE if EventKind.ADDRESS_WANTED in kinds else promised)
    if EventKind.SERVED in kinds:
        return Verdict(Outcome.ROBOT, draft_drop_reason="робот ответил, заявка не понадобилась")
    return Verdict(Outcome.ABANDONED, CallbackKind.ABANDONED)


async def settle_ended_calls(session: AsyncSession, *, until: datetime, now: datetime, limit: int = 50) -> int:
    """Settles up to `limit` calls that ended at `until` or earlier and have no outcome; returns how many were tried.

    A call with an end after `now` + GRACE is settled too: the clock was set back after it ended. A call that cannot be
    settled raises an alarm. It is then skipped, so that it does not block the others, until a person has seen the
    alarm.
    """
    put_aside = select(Alarm.subject).where(Alarm.kind == AlarmKind.JOURNAL, Alarm.cleared_at.is_(None))
    calls = (
        await session.scalars(
            select(Call)
            .where(
                Call.state == CallState.ENDED,
                Call.outcome.is_(None),
                or_(Call.ended_at <= until, Call.ended_at > now + GRACE),
                Call.id.not_in(put_aside),
                is_of_this_node(session),
            )
            .order_by(Call.ended_at, Call.id)
            .limit(limit)
            .with_for_update(skip_locked=True, key_share=True)
            .execution_options(populate_existing=True)
        )
    ).all()
    for call_id, company_id, call in [(call.id, call.company_id, call) for call in calls]:
        try:
            async with session.begin_nested():
                await _assign_outcome(session, call, now=now)
        except Exception as error:
            if is_unavailable(error) or is_conflict(error):
                raise
            _log.exception("a call cannot be settled", call_id=call_id)
            await raise_alarm(
                session,
                company_id=company_id,
                kind=AlarmKind.JOURNAL,
                subject=call_id,
                message="Итог звонка не удалось подвести: посмотрите, не нужно ли перезвонить.",
                now=now,
                facts={"reason": type(error).__name__},
            )
    return len(calls)


async def reopen_outcome(session: AsyncSession, call_id: str, *, kind: str) -> None:
    """Clears the outcome of a settled call, so that it is settled again, if a late line of this kind is DECISIVE."""
    if kind not in DECISIVE:
        return
    call = await session.scalar(
        select(Call)
        .where(Call.id == call_id, Call.outcome.is_not(None))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if call is not None:
        await settle_outcome(session, call, None)


async def _assign_outcome(session: AsyncSession, call: Call, *, now: datetime) -> None:
    lines = (await session.scalars(select(CallEvent).where(CallEvent.call_id == call.id).order_by(CallEvent.at))).all()
    ticket = await ticket_of_call(session, call.id)
    registered = ticket is not None and ticket.registered_by == ROBOT  # a dispatcher registers after the call
    verdict = judge_call({line.kind for line in lines}, registered=registered)
    await settle_outcome(session, call, verdict.outcome)
    if verdict.callback_kind is None:
        await withdraw_callback(session, call_id=call.id, reason="не нужна: вопрос решён в том же звонке", now=now)
    else:
        await open_callback(
            session,
            company_id=call.company_id,
            call_id=call.id,
            kind=verdict.callback_kind,
            phone=_find_callback_number(call, lines),
            arrived_at=call.arrived_at,
            now=now,
        )
    if verdict.draft_drop_reason is not None:
        await drop_draft(session, call_id=call.id, reason=verdict.draft_drop_reason, author=CENTRE, now=now)
    else:
        await restore_draft(session, call_id=call.id, reason="звонок требует ответа", author=CENTRE, now=now)
    await notify(session, "call", call.id)


def _find_callback_number(call: Call, lines: Collection[CallEvent]) -> str | None:
    """The number to call back: the last one that the caller asked for, else the caller's own number."""
    asked = None
    for line in lines:
        if line.kind == EventKind.CALLBACK:
            asked = line.facts.get("phone") or asked
        elif line.kind == EventKind.TICKET_WANTED:
            asked = line.facts.get("contact") or asked
        elif line.kind == EventKind.FACT:
            asked = line.facts.get(_CONTACT_FACT) or asked
    return (parse_phone(str(asked)) or str(asked)) if asked else call.caller_number

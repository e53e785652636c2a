"""Applies CEL and queue_log events to the record of a call.

Both files report the same facts, in any order, and each line may be applied twice. A line of the timeline is unique by
(call, phase, leg): the first source writes the line, later ones add nothing. Only inbound calls are recorded. A call
dialed by a dispatcher has a first channel in another context and no `CC_ARRIVED`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.models import CallLeg, EventSource, LegRole
from callcenter.calls.recordings import expect_recording
from callcenter.calls.service import (
    answer_leg,
    end_leg,
    knows_call,
    leg_named,
    lock_call,
    mark_answered,
    mark_connected,
    mark_ended,
    mark_queued,
    record_event,
    record_leg,
)
from callcenter.core.event_kinds import EventKind
from callcenter.intake.admission import admit, ensure_call
from callcenter.intake.cel import CelEvent
from callcenter.intake.queue_log import QueueEvent
from callcenter.intake.settling import reopen_outcome

DOORS = ("from-trunk", "from-resident")
"""Dialplan contexts in which inbound calls arrive."""

CALLERS_WAY = frozenset(
    {
        "inbound",
        "fallback",
        "to-queue",
        "callback",
        "voicemail",
        "message",
        "message-taken",
        "overflow",
        "goodbye",
    }
)
"""Dialplan contexts that hold only callers' channels. DOORS also hold the far end of a dispatcher's outbound call."""

ARRIVED = "CC_ARRIVED"
"""User event of the dialplan at the arrival of a call; its argument: `<number dialed>|<caller's number>`."""

MARKS: Mapping[str, tuple[EventKind, str]] = {
    "CC_RECORDING": (EventKind.RECORDING, "file"),
    "CC_LEASE_END": (EventKind.LEASE_END, ""),
    "CC_FALLBACK": (EventKind.FALLBACK, "why"),
    "CC_QUEUE_ENTER": (EventKind.QUEUED, ""),
    "CC_VOICEMAIL": (EventKind.VOICEMAIL, "why"),
    "CC_VOICEMAIL_END": (EventKind.VOICEMAIL_END, ""),
    "CC_CALLBACK": (EventKind.CALLBACK, "phone"),
    "CC_OVERFLOW": (EventKind.OVERFLOW, ""),
}
"""User events of the dialplan: event name -> (kind in the timeline, name of the argument in `facts`)."""

QUEUE_MARKS: Mapping[str, EventKind] = {
    "ABANDON": EventKind.LEFT_QUEUE,
    "EXITWITHTIMEOUT": EventKind.QUEUE_TIMEOUT,
    "EXITEMPTY": EventKind.QUEUE_EMPTY,
    "EXITWITHKEY": EventKind.QUEUE_KEY,
}
"""queue_log events: event -> kind in the timeline."""


def kind_of_cel_event(event: CelEvent) -> EventKind | None:
    """The kind of timeline entry that a channel event means; None for an event that means none."""
    kind = MARKS[event.kind][0] if event.kind in MARKS else None
    match event.kind:
        case "CC_ARRIVED":
            kind = EventKind.ARRIVED
        case "CHAN_START" if not event.is_caller_channel:
            kind = EventKind.RINGING
        case "ANSWER" if event.is_caller_channel:
            kind = EventKind.ANSWERED
        case "BRIDGE_ENTER" if event.peers:
            kind = EventKind.CONNECTED
        case "HANGUP" | "CHAN_END":
            kind = EventKind.ENDED if event.is_caller_channel else EventKind.LEG_ENDED
    return kind


def kind_of_queue_event(event: QueueEvent) -> EventKind | None:
    """The kind of timeline entry that a line of queue_log means; None for a line that means none."""
    if event.kind == "ENTERQUEUE":
        return EventKind.QUEUED
    if event.kind == "CONNECT" and len(event.arguments) > 1:
        return EventKind.CONNECTED
    return QUEUE_MARKS.get(event.kind)


async def apply_cel_event(session: AsyncSession, event: CelEvent) -> None:
    """Applies a channel event. Idempotent."""
    if event.kind == ARRIVED:
        dialled, _, shown = event.extra.get("extra", "").partition("|")
        await admit(session, event.call_id, at=event.at, dialled=dialled, caller_shown=shown, source=EventSource.CEL)
        await _open_leg(session, event)
        return
    if event.kind in MARKS:
        await ensure_call(session, event.call_id, at=event.at, caller_shown=event.number)
    elif event.kind == "CHAN_START" and event.is_caller_channel and event.context in DOORS:
        await ensure_call(session, event.call_id, at=event.at)  # without `event.number`: it may be withheld
    elif not await knows_call(session, event.call_id):
        return
    if event.kind in MARKS:
        await _apply_dialplan_event(session, event)
    elif event.kind == "CHAN_START":
        await _open_leg(session, event)
    elif event.kind == "ANSWER":
        await _apply_answer(session, event)
    elif event.kind == "BRIDGE_ENTER":
        await _apply_bridge_entry(session, event)
    elif event.kind in ("HANGUP", "CHAN_END"):
        await _apply_channel_end(session, event)
    elif event.kind == "LINKEDID_END":
        await mark_ended(session, await lock_call(session, event.call_id), at=event.at, cause=None)


async def apply_queue_event(session: AsyncSession, event: QueueEvent) -> None:
    """Applies a line of queue_log. CEL wins: queue_log has whole seconds and only fills in what CEL did not report."""
    if event.kind == "ENTERQUEUE":  # only inbound calls are queued: record it even if CEL is late
        await ensure_call(session, event.call_id, at=event.at + timedelta(seconds=1))
    elif not await knows_call(session, event.call_id):
        return
    call = await lock_call(session, event.call_id)
    at = max(event.at, call.arrived_at)
    if event.kind == "ENTERQUEUE":
        await _record_event_once(session, call.id, EventKind.QUEUED, leg=call.id, at=at, source=EventSource.QUEUE_LOG)
        await mark_queued(session, call, at=at)
    elif event.kind == "CONNECT" and len(event.arguments) > 1:
        channel_id = event.arguments[1]
        leg = await session.scalar(select(CallLeg).where(CallLeg.call_id == call.id, CallLeg.channel_id == channel_id))
        member = interface_of(leg.channel_name) if leg is not None else event.member
        await apply_connection(session, call.id, at=at, leg=channel_id, member=member, source=EventSource.QUEUE_LOG)
    elif event.kind in QUEUE_MARKS:
        await _record_event_once(
            session,
            call.id,
            QUEUE_MARKS[event.kind],
            leg=call.id,
            at=at,
            source=EventSource.QUEUE_LOG,
            facts={"words": list(event.arguments)},
        )


async def apply_connection(
    session: AsyncSession, call_id: str, *, at: datetime, leg: str, member: str | None, source: EventSource
) -> None:
    """Records that a dispatcher answered on channel `leg`. The first report by CEL, queue_log or AMI counts."""
    await _record_event_once(
        session, call_id, EventKind.CONNECTED, leg=leg, at=at, source=source, facts={"member": member}
    )
    await mark_connected(session, await lock_call(session, call_id), at=at, member=member)


def interface_of(channel_name: str) -> str:
    """The queue member interface of a channel: `PJSIP/d-4f1a9c-0000002a` -> `PJSIP/d-4f1a9c`."""
    return channel_name.rpartition("-")[0] or channel_name


async def _apply_dialplan_event(session: AsyncSession, event: CelEvent) -> None:
    kind, argument = MARKS[event.kind]
    told = event.extra.get("extra", "")
    facts = {argument: told} if argument and told else {}
    if event.kind == "CC_QUEUE_ENTER":
        priority, _, reason = told.partition("|")
        facts = {"priority": priority, "reason": reason}
        await mark_queued(session, await lock_call(session, event.call_id), at=event.at)
    elif event.kind == "CC_RECORDING":
        await expect_recording(session, event.call_id)
    await _record_event_once(session, event.call_id, kind, leg=event.channel_id, at=event.at, facts=facts)


async def _open_leg(session: AsyncSession, event: CelEvent) -> None:
    await record_leg(
        session,
        event.call_id,
        channel_id=event.channel_id,
        channel_name=event.channel_name,
        role=LegRole.CALLER if event.is_caller_channel else LegRole.MEMBER,
        started_at=event.at,
    )
    if not event.is_caller_channel:
        facts = {"member": interface_of(event.channel_name)}
        await _record_event_once(
            session, event.call_id, EventKind.RINGING, leg=event.channel_id, at=event.at, facts=facts
        )


async def _apply_answer(session: AsyncSession, event: CelEvent) -> None:
    await answer_leg(session, event.call_id, event.channel_id, at=event.at)
    if event.is_caller_channel:
        await mark_answered(session, await lock_call(session, event.call_id), at=event.at)
        await _record_event_once(session, event.call_id, EventKind.ANSWERED, leg=event.channel_id, at=event.at)


async def _apply_bridge_entry(session: AsyncSession, event: CelEvent) -> None:
    """Records the connection when the second channel enters a bridge; the first one alone hears nobody."""
    if not event.peers:
        return
    channel_id, channel_name = event.channel_id, event.channel_name
    if event.is_caller_channel:
        channel_name = event.peers[0]
        leg = await leg_named(session, event.call_id, channel_name)
        channel_id = leg.channel_id if leg is not None else channel_name
    await apply_connection(
        session,
        event.call_id,
        at=event.at,
        leg=channel_id,
        member=interface_of(channel_name),
        source=EventSource.CEL,
    )


async def _apply_channel_end(session: AsyncSession, event: CelEvent) -> None:
    told = event.extra.get("hangupcause", "")
    cause = int(told) if told.isascii() and told.isdecimal() else None
    await end_leg(session, event.call_id, event.channel_id, at=event.at, cause=cause)
    if event.is_caller_channel:
        await _record_event_once(
            session, event.call_id, EventKind.ENDED, leg=event.channel_id, at=event.at, facts={"cause": cause}
        )
        await mark_ended(session, await lock_call(session, event.call_id), at=event.at, cause=cause)
    else:
        facts = {"cause": cause, "member": interface_of(event.channel_name)}
        await _record_event_once(
            session, event.call_id, EventKind.LEG_ENDED, leg=event.channel_id, at=event.at, facts=facts
        )


async def _record_event_once(
    session: AsyncSession,
    call_id: str,
    kind: str,
    *,
    leg: str,
    at: datetime,
    source: EventSource = EventSource.CEL,
    facts: Mapping[str, Any] | None = None,
) -> None:
    new = await record_event(session, call_id, at=at, source=source, kind=kind, key=f"{kind}:{leg}", facts=facts)
    if new:
        await reopen_outcome(session, call_id, kind=kind)

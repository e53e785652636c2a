"""Writes call records. Every function is idempotent; none commits.

The state of a call only moves forward (ivr, queued, talking, ended), in whatever order the sources report it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.errors import CallNotFound
from callcenter.calls.models import Call, CallEvent, CallLeg, CallState, EventSource, LegRole, Outcome
from callcenter.companies.service import choose_company
from callcenter.core.database import node_of, notify
from callcenter.core.ids import call_id_prefix

_LOCKED_KEY, _KNOWN_KEY = "locked calls", "known calls"
_STATE_RANK = {CallState.IVR: 0, CallState.QUEUED: 1, CallState.TALKING: 2, CallState.ENDED: 3}


async def admit_call(
    session: AsyncSession,
    call_id: str,
    *,
    arrived_at: datetime,
    dialled: str = "",
    caller_number: str | None = None,
    caller_shown: str = "",
) -> bool:
    """Creates the call's row, or fills in its missing fields; True when the row was created.

    The earliest reported arrival is kept.
    """
    made = await session.scalar(
        insert(Call)
        .values(
            id=call_id,
            company_id=await choose_company(session, dialled),
            arrived_at=arrived_at,
            dialled=dialled[:40],
            caller_number=caller_number,
            caller_shown=caller_shown[:80],
            state=CallState.IVR,
        )
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(Call.id)
    )
    if made is None:
        call = await lock_call(session, call_id)
        call.arrived_at = min(call.arrived_at, arrived_at)
        if dialled and not call.dialled:
            call.dialled = dialled[:40]
            call.company_id = await choose_company(session, dialled)
        call.caller_number = call.caller_number or caller_number
        call.caller_shown = call.caller_shown or caller_shown[:80]
        await session.flush()
    await notify(session, "call", call_id)
    return made is not None


async def lock_call(session: AsyncSession, call_id: str) -> Call:
    """Locks the call's row until the transaction ends and returns its present state. Raises CallNotFound.

    The row is read once per transaction: while it is locked, no other transaction can change it.
    """
    locked = session.info.setdefault(_LOCKED_KEY, {})
    if call_id in locked and not session.in_nested_transaction():
        call: Call = locked[call_id]
        return call
    found = await session.scalar(
        select(Call)
        .where(Call.id == call_id)
        .with_for_update(key_share=True)  # other transactions may still add timeline lines
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise CallNotFound(f"Звонка {call_id} нет.")
    if not session.in_nested_transaction():  # a rollback to a savepoint releases its locks
        locked[call_id] = found
    return found


def is_of_this_node(session: AsyncSession) -> ColumnElement[bool]:
    """An SQL condition: the calls that this node's Asterisk took. Only this node has their files and their channels."""
    prefix = call_id_prefix(node_of(session))
    return Call.id.startswith(prefix, autoescape=True) if prefix else true()


async def knows_call(session: AsyncSession, call_id: str) -> bool:
    """Whether the call has a row. A positive answer is cached for the transaction."""
    known = session.info.setdefault(_KNOWN_KEY, set())
    if call_id in known:
        return True
    found = await session.scalar(select(Call.id).where(Call.id == call_id)) is not None
    if found and not session.in_nested_transaction():  # the savepoint that created the row may be rolled back
        known.add(call_id)
    return found


async def record_event(
    session: AsyncSession,
    call_id: str,
    *,
    at: datetime,
    source: EventSource,
    kind: str,
    key: str,
    facts: Mapping[str, Any] | None = None,
) -> bool:
    """Adds a line to the call's timeline; False when the call already has a line with this key."""
    made = await session.scalar(
        insert(CallEvent)
        .values(call_id=call_id, at=at, source=source, kind=kind[:40], key=key[:120], facts=dict(facts or {}))
        .on_conflict_do_nothing(index_elements=["call_id", "key"])
        .returning(CallEvent.id)
    )
    if made is not None:
        await notify(session, "call", call_id)
    return made is not None


async def record_leg(
    session: AsyncSession, call_id: str, *, channel_id: str, channel_name: str, role: LegRole, started_at: datetime
) -> None:
    """Adds a leg (channel) to the call; the earliest reported start is kept."""
    statement = insert(CallLeg).values(
        call_id=call_id, channel_id=channel_id, channel_name=channel_name[:120], role=role, started_at=started_at
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["call_id", "channel_id"],
            set_={"started_at": func.least(CallLeg.started_at, statement.excluded.started_at)},
        )
    )


async def answer_leg(session: AsyncSession, call_id: str, channel_id: str, *, at: datetime) -> None:
    await session.execute(
        update(CallLeg)
        .where(CallLeg.call_id == call_id, CallLeg.channel_id == channel_id, CallLeg.answered_at.is_(None))
        .values(answered_at=at)
    )


async def end_leg(session: AsyncSession, call_id: str, channel_id: str, *, at: datetime, cause: int | None) -> None:
    await session.execute(
        update(CallLeg)
        .where(CallLeg.call_id == call_id, CallLeg.channel_id == channel_id, CallLeg.ended_at.is_(None))
        .values(ended_at=at, hangup_cause=cause)
    )


async def leg_named(session: AsyncSession, call_id: str, channel_name: str) -> CallLeg | None:
    """The newest leg on a channel of this name; Asterisk reuses a name only after the channel is gone."""
    return await session.scalar(
        select(CallLeg)
        .where(CallLeg.call_id == call_id, CallLeg.channel_name == channel_name[:120])
        .order_by(CallLeg.id.desc())
        .limit(1)
    )


async def mark_answered(session: AsyncSession, call: Call, *, at: datetime) -> None:
    """The channel was answered, by the robot or by a person."""
    call.answered_at = call.answered_at or at
    await _save(session, call)


async def mark_queued(session: AsyncSession, call: Call, *, at: datetime) -> None:
    call.queued_at = call.queued_at or at
    _advance_state(call, CallState.QUEUED)
    await _save(session, call)


async def mark_connected(session: AsyncSession, call: Call, *, at: datetime, member: str | None) -> None:
    call.connected_at = call.connected_at or at
    call.member = call.member or (member[:80] if member else None)
    _advance_state(call, CallState.TALKING)
    await _save(session, call)


async def mark_ended(session: AsyncSession, call: Call, *, at: datetime, cause: int | None) -> None:
    if call.ended_at is None:
        call.ended_at, call.hangup_cause = at, cause
    _advance_state(call, CallState.ENDED)
    await _save(session, call)


async def mark_danger(session: AsyncSession, call: Call, *, category: str) -> None:
    call.danger = category[:60]
    await _save(session, call)


async def settle_outcome(session: AsyncSession, call: Call, outcome: Outcome | None) -> None:
    """Sets the outcome; None clears it, so that the call is settled again after a late note."""
    call.outcome = outcome
    await _save(session, call)


def _advance_state(call: Call, state: CallState) -> None:
    if _STATE_RANK[state] > _STATE_RANK[call.state]:
        call.state = state


async def _save(session: AsyncSession, call: Call) -> None:
    await session.flush()
    await notify(session, "call", call.id)

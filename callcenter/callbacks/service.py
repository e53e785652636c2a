"""Opens, takes, finishes and withdraws callbacks and raises alarms about their terms. Nothing here commits."""

from datetime import datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import Alarm, AlarmKind
from callcenter.alarms.service import clear_alarm, raise_alarm
from callcenter.callbacks.errors import CallbackDone, CallbackNotFound, CallbackTaken
from callcenter.callbacks.models import Callback, CallbackKind, CallbackState
from callcenter.callbacks.terms import callback_term
from callcenter.core.database import notify
from callcenter.wording.labels import label

SHIFT = "shift"
"""The owner of a callback that no dispatcher has taken."""

TOPIC = "task"
"""NOTIFY topic of changed callbacks (`core.database.notify`)."""


async def open_callback(
    session: AsyncSession,
    *,
    company_id: int,
    call_id: str,
    kind: CallbackKind,
    phone: str | None,
    arrived_at: datetime,
    now: datetime,
) -> bool:
    """Opens the call's callback, due a fixed time after the call's arrival; False when nothing changed.

    An untaken callback is updated and a withdrawn one is opened again, because a late note of the call may change the
    number or the need for a callback. A callback that a person took or finished stays unchanged.
    """
    wanted = {
        "kind": kind,
        "state": CallbackState.OPEN,
        "phone": phone[:20] if phone else None,
        "due_at": arrived_at + callback_term(arrived_at.date()).due_after,
        "done_at": None,
        "result": None,
    }
    made = await session.scalar(
        insert(Callback)
        .values(company_id=company_id, call_id=call_id, owner=SHIFT, created_at=now, **wanted)
        .on_conflict_do_update(
            index_elements=["call_id"],
            set_={**wanted, "warned_at": None},
            where=and_(
                Callback.owner == SHIFT,
                or_(*(getattr(Callback, name).is_distinct_from(value) for name, value in wanted.items())),
            ),
        )
        .returning(Callback.id)
    )
    if made is None:
        return False
    await notify(session, TOPIC, made)
    return True


async def take_callback(
    session: AsyncSession, callback_id: int, *, company_id: int, login: str, now: datetime
) -> Callback:
    """Assigns the callback to a dispatcher. Taking one's own callback again changes nothing.

    Raises CallbackNotFound, also for another company's callback; CallbackTaken, CallbackDone.
    """
    callback = await _lock_callback(session, callback_id, company_id)
    if callback.state == CallbackState.DONE:
        raise CallbackDone
    if callback.state == CallbackState.TAKEN and callback.owner != login:
        raise CallbackTaken(f"Этот обратный звонок уже взял другой диспетчер: {callback.owner}.")
    if callback.state == CallbackState.OPEN:
        callback.state, callback.owner, callback.taken_at = CallbackState.TAKEN, login, now
        await session.flush()
        await notify(session, TOPIC, callback.id)
    return callback


async def finish_callback(
    session: AsyncSession, callback_id: int, *, company_id: int, login: str, result: str, now: datetime
) -> Callback:
    """Closes the callback with its result. A dispatcher may finish a colleague's callback, because shifts end.

    Raises CallbackNotFound, also for another company's callback; CallbackDone.
    """
    callback = await _lock_callback(session, callback_id, company_id)
    if callback.state == CallbackState.DONE:
        raise CallbackDone
    await _close_callback(session, callback, owner=login, result=result, now=now)
    return callback


async def withdraw_callback(session: AsyncSession, *, call_id: str, reason: str, now: datetime) -> bool:
    """Closes an untaken callback whose call turned out to need none; False when there is no such callback."""
    callback = await session.scalar(
        select(Callback).where(Callback.call_id == call_id, Callback.state == CallbackState.OPEN).with_for_update()
    )
    if callback is None:
        return False
    await _close_callback(session, callback, owner=callback.owner, result=reason, now=now)
    return True


async def warn_of_due_callbacks(session: AsyncSession, *, now: datetime, limit: int = 100) -> int:
    """Raises an alarm for each unfinished callback whose term is near; returns how many. Safe in parallel processes."""
    term = callback_term(now.date())
    near = (
        await session.scalars(
            select(Callback)
            .where(
                Callback.state != CallbackState.DONE,
                Callback.warned_at.is_(None),
                Callback.due_at <= now + term.due_after - term.warn_after,
            )
            .order_by(Callback.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    ).all()
    for callback in near:
        callback.warned_at = now
        await raise_alarm(
            session,
            company_id=callback.company_id,
            kind=AlarmKind.CALLBACK_DUE,
            subject=callback.call_id,
            message=f"Пора перезвонить: {label('callback_kind', callback.kind)}.",
            now=now,
            facts={"callback": callback.id, "due_at": callback.due_at.isoformat(), "basis": term.basis},
        )
        await notify(session, TOPIC, callback.id)
    await session.flush()
    return len(near)


async def raise_breach_alarms(session: AsyncSession, *, now: datetime, limit: int = 100) -> int:
    """Renews the alarm of each unfinished callback whose term has passed, once; returns how many.

    The new alarm counts as unseen, because the person who saw the warning has not called. Safe in parallel processes.
    """
    is_announced = exists().where(
        Alarm.kind == AlarmKind.CALLBACK_DUE,
        Alarm.subject == Callback.call_id,
        Alarm.cleared_at.is_(None),
        Alarm.facts.has_key("breached"),
    )
    late = (
        await session.scalars(
            select(Callback)
            .where(Callback.state != CallbackState.DONE, Callback.due_at <= now, ~is_announced)
            .order_by(Callback.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    ).all()
    for callback in late:
        await clear_alarm(session, kind=AlarmKind.CALLBACK_DUE, subject=callback.call_id, now=now)
        await raise_alarm(
            session,
            company_id=callback.company_id,
            kind=AlarmKind.CALLBACK_DUE,
            subject=callback.call_id,
            message=f"Срок обратного звонка вышел: {label('callback_kind', callback.kind)}.",
            now=now,
            facts={"callback": callback.id, "due_at": callback.due_at.isoformat(), "breached": True},
        )
        await notify(session, TOPIC, callback.id)
    return len(late)


async def _lock_callback(session: AsyncSession, callback_id: int, company_id: int) -> Callback:
    callback = await session.scalar(
        select(Callback).where(Callback.id == callback_id, Callback.company_id == company_id).with_for_update()
    )
    if callback is None:
        raise CallbackNotFound
    return callback


async def _close_callback(session: AsyncSession, callback: Callback, *, owner: str, result: str, now: datetime) -> None:
    callback.state, callback.owner, callback.result, callback.done_at = CallbackState.DONE, owner, result, now
    await session.flush()
    await clear_alarm(session, kind=AlarmKind.CALLBACK_DUE, subject=callback.call_id, now=now)
    await notify(session, TOPIC, callback.id)

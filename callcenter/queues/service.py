"""Tasks for missed calls, and the members of the queue. Nothing here commits."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.alarms.models import Alarm, AlarmKind
from callcenter.alarms.service import clear_alarm, raise_alarm
from callcenter.core.database import notify
from callcenter.queues.errors import MemberNotFound, TaskDone, TaskNotFound, TaskTaken
from callcenter.queues.models import Member, MemberRequest, MemberState, MemberStateInterval, Task, TaskKind, TaskState
from callcenter.queues.terms import missed_call_term

SHIFT = "shift"
"""The owner of a task nobody has taken: whoever is on duty."""

TASK_TITLES = {
    TaskKind.CALLBACK: "просил перезвонить",
    TaskKind.VOICEMAIL: "оставил сообщение",
    TaskKind.ABANDONED: "не дождался ответа",
    TaskKind.OVERFLOW: "все линии были заняты",
    TaskKind.PROMISE: "робот обещал перезвонить",
    TaskKind.LOST: "связь оборвалась по нашей вине",
}


async def open_task(
    session: AsyncSession, *, call_id: str, kind: TaskKind, phone: str | None, arrived_at: datetime, now: datetime
) -> bool:
    """Opens the call's task, due a fixed time after the call's arrival; False when it stands already.

    A task that nobody has taken is brought up to date, one that was withdrawn is opened again: a later word on the
    call may ask for another number, or for a call after all. What a person has taken or done stays theirs.
    """
    wanted = {
        "kind": kind,
        "state": TaskState.OPEN,
        "phone": phone[:20] if phone else None,
        "due_at": arrived_at + missed_call_term().due_after,
        "done_at": None,
        "result": None,
    }
    made = await session.scalar(
        insert(Task)
        .values(call_id=call_id, owner=SHIFT, created_at=now, **wanted)
        .on_conflict_do_update(
            index_elements=["call_id"],
            set_={**wanted, "warned_at": None},
            where=and_(
                Task.owner == SHIFT,
                or_(*(getattr(Task, name).is_distinct_from(value) for name, value in wanted.items())),
            ),
        )
        .returning(Task.id)
    )
    if made is None:
        return False
    await notify(session, "task", made)
    return True


async def take_task(session: AsyncSession, callback_id: int, *, login: str, now: datetime) -> Task:
    """Makes the task this person's. Taking one's own task again changes nothing.

    Raises TaskNotFound, TaskTaken, TaskDone.
    """
    task = await _lock_callback(session, callback_id)
    if task.state == TaskState.DONE:
        raise TaskDone
    if task.state == TaskState.TAKEN and task.owner != login:
        raise TaskTaken(f"Задачу уже взял другой диспетчер: {task.owner}.")
    if task.state == TaskState.OPEN:
        task.state, task.owner, task.taken_at = TaskState.TAKEN, login, now
        await session.flush()
        await notify(session, "task", task.id)
    return task


async def finish_task(session: AsyncSession, callback_id: int, *, login: str, result: str, now: datetime) -> Task:
    """Closes the task with what came of it. A colleague's taken task may be finished too: shifts end.

    Raises TaskNotFound, TaskDone.
    """
    task = await _lock_callback(session, callback_id)
    if task.state == TaskState.DONE:
        raise TaskDone
    await _close_callback(session, task, owner=login, result=result, now=now)
    return task


async def withdraw_task(session: AsyncSession, *, call_id: str, reason: str, now: datetime) -> bool:
    """Closes a task that nobody has taken yet because the call turned out to need none."""
    task = await session.scalar(
        select(Task).where(Task.call_id == call_id, Task.state == TaskState.OPEN).with_for_update()
    )
    if task is None:
        return False
    await _close_callback(session, task, owner=task.owner, result=reason, now=now)
    return True


async def warn_of_due_tasks(session: AsyncSession, *, now: datetime, limit: int = 100) -> int:
    """Raises an alarm for each unfinished task whose term is near; returns how many. May run anywhere, twice."""
    term = missed_call_term()
    margin: timedelta = term.due_after - term.warn_after
    near = (
        await session.scalars(
            select(Task)
            .where(Task.state != TaskState.DONE, Task.warned_at.is_(None), Task.due_at <= now + margin)
            .order_by(Task.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    ).all()
    for task in near:
        task.warned_at = now
        await raise_alarm(
            session,
            kind=AlarmKind.TASK_DUE,
            subject=task.call_id,
            message=f"Пора перезвонить: {TASK_TITLES[task.kind]}.",
            now=now,
            facts={"task": task.id, "due_at": task.due_at.isoformat(), "basis": term.basis},
        )
        await notify(session, "task", task.id)
    await session.flush()
    return len(near)


async def tell_breaches(session: AsyncSession, *, now: datetime, limit: int = 100) -> int:
    """Renews the alarm of each unfinished task whose term has passed, once; returns how many. May run anywhere, twice.

    The new alarm is unseen again: whoever saw the warning has not called.
    """
    told = exists().where(
        Alarm.kind == AlarmKind.TASK_DUE,
        Alarm.subject == Task.call_id,
        Alarm.cleared_at.is_(None),
        Alarm.facts.has_key("breached"),
    )
    late = (
        await session.scalars(
            select(Task)
            .where(Task.state != TaskState.DONE, Task.due_at <= now, ~told)
            .order_by(Task.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    ).all()
    for task in late:
        await clear_alarm(session, kind=AlarmKind.TASK_DUE, subject=task.call_id, now=now)
        await raise_alarm(
            session,
            kind=AlarmKind.TASK_DUE,
            subject=task.call_id,
            message=f"Срок обратного звонка вышел: {TASK_TITLES[task.kind]}.",
            now=now,
            facts={"task": task.id, "due_at": task.due_at.isoformat(), "breached": True},
        )
        await notify(session, "task", task.id)
    return len(late)


async def write_member(
    session: AsyncSession,
    *,
    interface: str,
    name: str,
    extension: str,
    state: MemberState,
    pause_reason: str | None,
    now: datetime,
) -> bool:
    """Writes a member as Asterisk shows it; False when nothing changed, and `since` stays as it was."""
    member = await session.scalar(select(Member).where(Member.interface == interface).with_for_update())
    seen = (name, extension, state, pause_reason)
    if member is None:
        # Two writers at once: the second waits for the first one's row and overwrites it.
        await session.execute(
            insert(Member)
            .values(
                interface=interface,
                name=name,
                extension=extension,
                state=state,
                pause_reason=pause_reason,
                since=now,
            )
            .on_conflict_do_update(
                index_elements=["interface"], set_={"state": state, "pause_reason": pause_reason, "since": now}
            )
        )
    else:
        if (member.name, member.extension, member.state, member.pause_reason) == seen:
            return False
        if member.state != state:
            if now > member.since:  # the clock may have been set back
                session.add(
                    MemberStateInterval(interface=interface, state=member.state, began_at=member.since, ended_at=now)
                )
            member.since = now
        member.name, member.extension, member.state, member.pause_reason = seen
        await session.flush()
    await notify(session, "member", interface)
    return True


async def ask_member(
    session: AsyncSession, *, interface: str, paused: bool, reason: str, author: str, now: datetime
) -> int:
    """Writes down the wish to pause a member or to end its pause, for the controller; returns the request's id.

    Raises MemberNotFound.
    """
    if await session.get(Member, interface) is None:
        raise MemberNotFound
    request = MemberRequest(interface=interface, paused=paused, reason=reason[:100], author=author, asked_at=now)
    session.add(request)
    await session.flush()
    await notify(session, "member", interface)
    return request.id


async def claim_requests(session: AsyncSession, *, limit: int = 20) -> Sequence[MemberRequest]:
    """The oldest open requests, locked until the session ends; others working on some are passed over."""
    return (
        await session.scalars(
            select(MemberRequest)
            .where(MemberRequest.done_at.is_(None))
            .order_by(MemberRequest.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    ).all()


async def settle_request(session: AsyncSession, request_id: int, *, now: datetime, failure: str | None = None) -> None:
    """The request was carried out, or could not be and why."""
    interface = await session.scalar(
        update(MemberRequest)
        .where(MemberRequest.id == request_id, MemberRequest.done_at.is_(None))
        .values(done_at=now, failure=failure)
        .returning(MemberRequest.interface)
    )
    if interface is not None:
        await notify(session, "member", interface)


async def _lock_callback(session: AsyncSession, task_id: int) -> Task:
    task = await session.scalar(select(Task).where(Task.id == task_id).with_for_update())
    if task is None:
        raise TaskNotFound
    return task


async def _close_callback(session: AsyncSession, task: Task, *, owner: str, result: str, now: datetime) -> None:
    task.state, task.owner, task.result, task.done_at = TaskState.DONE, owner, result, now
    await session.flush()
    await clear_alarm(session, kind=AlarmKind.TASK_DUE, subject=task.call_id, now=now)
    await notify(session, "task", task.id)

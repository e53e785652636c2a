"""What may be asked about tasks and members."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.queues.models import Member, MemberRequest, MemberState, MemberStateInterval, Task, TaskState
from callcenter.queues.service import SHIFT
from callcenter.queues.statistics import add_up


async def open_tasks(session: AsyncSession) -> Sequence[Task]:
    """All tasks not done, the most pressing first."""
    return (
        await session.scalars(select(Task).where(Task.state != TaskState.DONE).order_by(Task.due_at, Task.id))
    ).all()


async def one_task(session: AsyncSession, task_id: int) -> Task | None:
    return await session.get(Task, task_id)


async def task_of_call(session: AsyncSession, call_id: str) -> Task | None:
    return await session.scalar(select(Task).where(Task.call_id == call_id))


async def members(session: AsyncSession) -> Sequence[Member]:
    """The members of the queue by extension."""
    return (await session.scalars(select(Member).order_by(Member.extension, Member.interface))).all()


async def waiting_requests(session: AsyncSession) -> Sequence[MemberRequest]:
    """Wishes about members that the controller has not carried out yet."""
    return (
        await session.scalars(select(MemberRequest).where(MemberRequest.done_at.is_(None)).order_by(MemberRequest.id))
    ).all()


async def member_times(
    session: AsyncSession, *, since: datetime, until: datetime, now: datetime
) -> dict[MemberState, float]:
    """Seconds that all members together spent in each state between two moments, up to `now`."""
    ended = await session.execute(
        select(MemberStateInterval.state, MemberStateInterval.began_at, MemberStateInterval.ended_at).where(
            MemberStateInterval.ended_at > since, MemberStateInterval.began_at < until
        )
    )
    present = await session.execute(select(Member.state, Member.since))
    stretches = [(state, began_at, ended_at) for state, began_at, ended_at in ended]
    stretches += [(state, began_at, now) for state, began_at in present]
    return add_up(stretches, since=since, until=min(until, now))


async def callback_terms(
    session: AsyncSession, *, since: datetime, until: datetime
) -> list[tuple[datetime, datetime | None]]:
    """When the calls were due and done that had to be made back from `since` until before `until`.

    A task that was withdrawn before anybody took it asked for no call.
    """
    rows = await session.execute(
        select(Task.due_at, Task.done_at).where(
            Task.due_at >= since, Task.due_at < until, or_(Task.state != TaskState.DONE, Task.owner != SHIFT)
        )
    )
    return [(due_at, done_at) for due_at, done_at in rows]

"""What may be asked about tasks and members."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.queues.models import Member, MemberRequest, Task, TaskState


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

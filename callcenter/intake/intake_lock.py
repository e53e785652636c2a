"""One transaction at a time writes about many calls."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.core.database import node_of


async def lock_intake(session: AsyncSession) -> None:
    """Takes the lock of this node's intake and keeps it until the session ends.

    The notes and Asterisk's files tell of the same calls in different orders. Without this lock their transactions
    lock the rows crosswise, and PostgreSQL needs a second to find each such deadlock, in which callers wait too.
    Nodes never write about the same call, so each node has its own lock.
    """
    await session.execute(select(func.pg_advisory_xact_lock(3, func.hashtext(f"intake {node_of(session)}"))))

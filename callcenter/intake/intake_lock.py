"""The lock that serializes transactions which write the records of many calls."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.core.database import node_of


async def lock_intake(session: AsyncSession) -> None:
    """Takes this node's intake lock (a PostgreSQL advisory lock) and holds it until the transaction ends.

    The notes and Asterisk's files report the same calls in different orders. Without this lock their transactions
    deadlock on the call rows. PostgreSQL needs one second to detect each deadlock, and callers wait meanwhile. Nodes
    never write the same call, so each node has its own lock.
    """
    await session.execute(select(func.pg_advisory_xact_lock(3, func.hashtext(f"intake {node_of(session)}"))))

"""Whoever writes about many calls in one transaction takes turns."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


async def lock_intake(session: AsyncSession) -> None:
    """Waits for its turn and keeps it until the session ends.

    The notes and Asterisk's files tell of the same calls in different orders: without turns their transactions lock
    the rows crosswise, and PostgreSQL needs a second to find each such deadlock, in which callers wait too.
    """
    await session.execute(select(func.pg_advisory_xact_lock(3, func.hashtext("intake"))))

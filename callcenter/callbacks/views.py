"""Queries about callbacks. Read-only."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.callbacks.models import Callback, CallbackState
from callcenter.callbacks.service import SHIFT


async def open_callbacks(session: AsyncSession, company_id: int) -> Sequence[Callback]:
    """A company's callbacks that are not done, nearest deadline first."""
    return (
        await session.scalars(
            select(Callback)
            .where(Callback.company_id == company_id, Callback.state != CallbackState.DONE)
            .order_by(Callback.due_at, Callback.id)
        )
    ).all()


async def one_callback(session: AsyncSession, callback_id: int, *, company_id: int) -> Callback | None:
    """The callback; None when it does not exist or belongs to another company."""
    return await session.scalar(select(Callback).where(Callback.id == callback_id, Callback.company_id == company_id))


async def callback_of_call(session: AsyncSession, call_id: str) -> Callback | None:
    return await session.scalar(select(Callback).where(Callback.call_id == call_id))


async def callback_terms(
    session: AsyncSession, *, since: datetime, until: datetime
) -> list[tuple[datetime, datetime | None]]:
    """Pairs (due_at, done_at or None) of the callbacks of all companies that were due in `since` <= t < `until`.

    Callbacks that were withdrawn before a dispatcher took them are left out.
    """
    rows = await session.execute(
        select(Callback.due_at, Callback.done_at).where(
            Callback.due_at >= since,
            Callback.due_at < until,
            or_(Callback.state != CallbackState.DONE, Callback.owner != SHIFT),
        )
    )
    return [(due_at, done_at) for due_at, done_at in rows]

"""Queries about queue members and pause requests. Read-only."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.queues.models import Member, MemberRequest, MemberState, MemberStateInterval
from callcenter.queues.statistics import add_up


async def members(session: AsyncSession) -> Sequence[Member]:
    """All queue members, by extension."""
    return (await session.scalars(select(Member).order_by(Member.extension, Member.interface))).all()


async def waiting_requests(session: AsyncSession) -> Sequence[MemberRequest]:
    """Requests that the controller has not executed yet, oldest first."""
    return (
        await session.scalars(select(MemberRequest).where(MemberRequest.done_at.is_(None)).order_by(MemberRequest.id))
    ).all()


async def member_times(
    session: AsyncSession, *, since: datetime, until: datetime, now: datetime
) -> dict[MemberState, float]:
    """Seconds that all members together spent in each state within `since`..`until`, at most up to `now`."""
    ended = await session.execute(
        select(MemberStateInterval.state, MemberStateInterval.began_at, MemberStateInterval.ended_at).where(
            MemberStateInterval.ended_at > since, MemberStateInterval.began_at < until
        )
    )
    present = await session.execute(select(Member.state, Member.since))
    stretches = [(state, began_at, ended_at) for state, began_at, ended_at in ended]
    stretches += [(state, began_at, now) for state, began_at in present]
    return add_up(stretches, since=since, until=min(until, now))

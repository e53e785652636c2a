"""Writes queue members and pause requests. Nothing here commits."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.core.database import notify
from callcenter.queues.errors import MemberNotFound
from callcenter.queues.models import Member, MemberRequest, MemberState, MemberStateInterval


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
    """Saves a member as reported by Asterisk; False when nothing changed. `since` changes only with the state."""
    member = await session.scalar(select(Member).where(Member.interface == interface).with_for_update())
    seen = (name, extension, state, pause_reason)
    if member is None:
        # If two writers insert at once, the second waits for the first and overwrites its row.
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
    """Stores a request to the controller to pause a member or to end its pause; returns the request's id.

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
    """Locks and returns the oldest open requests until the transaction ends; skips requests locked by others."""
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
    """Marks the request as done. `failure`: why it could not be carried out; None: it was."""
    interface = await session.scalar(
        update(MemberRequest)
        .where(MemberRequest.id == request_id, MemberRequest.done_at.is_(None))
        .values(done_at=now, failure=failure)
        .returning(MemberRequest.interface)
    )
    if interface is not None:
        await notify(session, "member", interface)

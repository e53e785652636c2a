"""Reads and writes transcripts: the recognized utterances of a call. Nothing here commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.calls.models import Speaker, Utterance
from callcenter.core.database import notify


async def add_utterance(
    session: AsyncSession,
    utterance_id: str,
    *,
    call_id: str,
    speaker: Speaker,
    at: datetime,
    text: str = "",
    words: Sequence[Sequence[Any]] = (),
    fault: str | None = None,
) -> None:
    """Adds an utterance (see `Utterance`). Idempotent by `utterance_id`."""
    added = await session.execute(
        insert(Utterance)
        .values(
            id=utterance_id,
            call_id=call_id,
            speaker=speaker,
            at=at,
            text=text,
            words=[list(word) for word in words],
            fault=fault,
        )
        .on_conflict_do_nothing()
        .returning(Utterance.id)
    )
    if added.first() is not None:
        await notify(session, "transcript", call_id)


async def read_transcript(session: AsyncSession, call_id: str, *, after: int = -1) -> tuple[Utterance, ...]:
    """Utterances of both speakers in order of time; only those with a sequence number above `after`."""
    rows = await session.scalars(
        select(Utterance)
        .where(Utterance.call_id == call_id, Utterance.sequence > after)
        .order_by(Utterance.at, Utterance.sequence)
    )
    return tuple(rows)


async def forget_transcript(session: AsyncSession, call_id: str) -> None:
    await session.execute(delete(Utterance).where(Utterance.call_id == call_id))

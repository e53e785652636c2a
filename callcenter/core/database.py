"""The database session, the declarative base and the notices that cross processes.

Whoever opens a session commits it; services never do. PostgreSQL LISTEN/NOTIFY carries only
`<topic>:<id>`; the listener reads the row itself.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

import psycopg
from sqlalchemy import BigInteger, DateTime, Identity, MetaData, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, mapped_column

from callcenter.core.errors import DatabaseUnavailable

NOTICE_CHANNEL = "callcenter"
_NOTICES = "notices"
_NODE_ID = "node_id"
_NOTIFY = text("SELECT pg_notify(:channel, notice) FROM unnest(CAST(:notices AS text[])) AS notice")

_UNAVAILABLE_STATES = ("08", "53", "57", "58")
"""Classes of SQLSTATE: 08 connection; 53 disk, memory or connections used up; 57 shutting down, starting, cancelled;
58 the machine below failed. In all of them the same statement may succeed later."""
_CONFLICT_STATES = ("40",)
"""Class of SQLSTATE: this transaction lost to another one (serialisation, deadlock); trying again is the remedy."""

Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Facts = Annotated[dict[str, Any], mapped_column(JSONB)]
RowId = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]


class Base(DeclarativeBase):
    """The root of all tables; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Database:
    """A pool of connections to one PostgreSQL database, given as a `postgresql+psycopg://` address.

    `node_id`: the node this program runs on (`Settings.node_id`). Each node reads the files of its own Asterisk.
    """

    def __init__(self, url: str, *, node_id: str = "", connect_seconds: int = 2) -> None:
        self.url = url
        self.engine = create_async_engine(
            url,
            pool_size=10,
            max_overflow=10,
            pool_pre_ping=True,
            pool_timeout=connect_seconds,
            hide_parameters=True,  # they are in the messages of errors otherwise, and those are logged
            connect_args={"connect_timeout": connect_seconds, "options": "-c timezone=UTC"},
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, info={_NODE_ID: node_id})

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction: committed at the end of the block, rolled back by an exception.

        Raises DatabaseUnavailable, whichever library noticed it and whether at the begin, within, or at the commit.
        """
        try:
            async with self._sessions.begin() as session:
                yield session
                notices = session.info.pop(_NOTICES, None)
                if notices:
                    await session.execute(_NOTIFY, {"channel": NOTICE_CHANNEL, "notices": list(notices)})
        except (DBAPIError, NoFreeConnection, psycopg.Error, ConnectionError) as error:
            if is_unavailable(error):
                raise DatabaseUnavailable from error
            raise

    async def close(self) -> None:
        await self.engine.dispose()


def node_of(session: AsyncSession) -> str:
    """The node this program runs on; empty where there is only one."""
    return str(session.info.get(_NODE_ID, ""))


async def notify(session: AsyncSession, topic: str, identifier: str | int) -> None:
    """Tells every listening process, at commit, that the row `identifier` of `topic` changed.

    All that a transaction tells goes out in one statement, each notice once: a call's row changes ten times in one.
    """
    session.info.setdefault(_NOTICES, {})[f"{topic}:{identifier}"] = None


def is_unavailable(error: BaseException) -> bool:
    """True when the error means that PostgreSQL cannot be reached, not that it refused what was asked."""
    if isinstance(error, DatabaseUnavailable | NoFreeConnection | ConnectionError):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (error.orig is not None and is_unavailable(error.orig))
    if isinstance(error, psycopg.OperationalError):
        return error.sqlstate is None or error.sqlstate.startswith(_UNAVAILABLE_STATES)
    return False


def is_conflict(error: BaseException) -> bool:
    """True when the transaction lost against another one and should simply be tried again."""
    orig = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(orig, psycopg.Error) and (orig.sqlstate or "").startswith(_CONFLICT_STATES)

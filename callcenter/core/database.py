"""Database sessions, the declarative base and change notifications between processes.

The code that opens a session commits it; services never commit. A PostgreSQL NOTIFY payload is only `<topic>:<id>`; the
listener reads the row itself.
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
"""SQLSTATE classes (PostgreSQL, appendix A): 08 connection exception; 53 insufficient resources (disk, memory,
connections); 57 operator intervention (shutdown, start-up, cancel); 58 system error. The same statement may succeed
later."""
_CONFLICT_STATES = ("40",)
"""SQLSTATE class 40, transaction rollback (serialization failure, deadlock): the transaction must be retried."""

Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Facts = Annotated[dict[str, Any], mapped_column(JSONB)]
RowId = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]


class Base(DeclarativeBase):
    """Declarative base of all tables. The naming convention fixes constraint names, so that migrations can refer to
    them."""

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
    """A pool of connections to one PostgreSQL database. `url`: `postgresql+psycopg://…`.

    `node_id`: the node of this process (`Settings.node_id`). Each node reads the files of its own Asterisk.
    """

    def __init__(self, url: str, *, node_id: str = "", connect_seconds: int = 2) -> None:
        self.url = url
        self.engine = create_async_engine(
            url,
            pool_size=10,
            max_overflow=10,
            pool_pre_ping=True,
            pool_timeout=connect_seconds,
            hide_parameters=True,  # otherwise error messages contain them and are logged
            connect_args={"connect_timeout": connect_seconds, "options": "-c timezone=UTC"},
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, info={_NODE_ID: node_id})

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """Opens a session in a transaction: committed at the end of the block, rolled back on an exception.

        Raises DatabaseUnavailable for every connection failure, in whichever library and phase it occurs.
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
    """The node of this process; empty in a single-node installation."""
    return str(session.info.get(_NODE_ID, ""))


async def notify(session: AsyncSession, topic: str, identifier: str | int) -> None:
    """Notifies all listening processes, at commit, that the row `identifier` of `topic` has changed.

    The notifications of a transaction are deduplicated and sent in one statement, because a transaction may change a
    call's row ten times.
    """
    session.info.setdefault(_NOTICES, {})[f"{topic}:{identifier}"] = None


def is_unavailable(error: BaseException) -> bool:
    """True when PostgreSQL cannot be reached or serve requests now; False when it rejected the statement."""
    if isinstance(error, DatabaseUnavailable | NoFreeConnection | ConnectionError):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (error.orig is not None and is_unavailable(error.orig))
    if isinstance(error, psycopg.OperationalError):
        return error.sqlstate is None or error.sqlstate.startswith(_UNAVAILABLE_STATES)
    return False


def is_conflict(error: BaseException) -> bool:
    """True when the transaction lost against a concurrent one and should be retried."""
    orig = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(orig, psycopg.Error) and (orig.sqlstate or "").startswith(_CONFLICT_STATES)

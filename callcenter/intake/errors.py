"""What can keep a record from being made, or from being compared."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.core.database import Database
from callcenter.core.errors import CallcenterError

# Classes of SQLSTATE: 08 connection; 53 disk, memory or connections used up; 57 shutting down, starting, cancelled;
# 58 the machine below failed. In all of them the same words may succeed later.
_AWAY_STATES = ("08", "53", "57", "58")
# 40: this transaction lost to another one (serialisation, deadlock); trying again is the remedy.
_CLASH_STATES = ("40",)


class DatabaseAway(CallcenterError):
    """The database does not answer."""


class AsteriskSilent(CallcenterError):
    """Asterisk does not answer; is the centre running? (callcenter run)"""


class JournalInUse(CallcenterError):
    """Another controller is writing this journal."""


@asynccontextmanager
async def open_session(database: Database) -> AsyncIterator[AsyncSession]:
    """`database.begin()`, with every way of the database being away told as DatabaseAway."""
    try:
        async with database.begin() as session:
            yield session
    except (DBAPIError, NoFreeConnection, psycopg.Error, ConnectionError) as error:
        if is_away(error):
            raise DatabaseAway from error
        raise


def is_away(error: BaseException) -> bool:
    """True when the error means that PostgreSQL cannot be reached, not that it refused what was asked."""
    if isinstance(error, DatabaseAway | NoFreeConnection | ConnectionError):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (error.orig is not None and is_away(error.orig))
    if isinstance(error, psycopg.OperationalError):
        return error.sqlstate is None or error.sqlstate.startswith(_AWAY_STATES)
    return False


def is_clash(error: BaseException) -> bool:
    """True when the transaction lost against another one and should simply be tried again."""
    orig = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(orig, psycopg.Error) and (orig.sqlstate or "").startswith(_CLASH_STATES)

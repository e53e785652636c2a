"""Brings the tables of a database up to date, one set-up at a time."""

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from callcenter.core.errors import CallcenterError
from callcenter.settings import TREE

_LOCK = 0x63616C6C
"""PostgreSQL advisory lock: any number that nobody else in this database uses."""


class MigrationFailed(CallcenterError):
    """The database's tables could not be brought up to date."""


def migrate(address: str) -> None:
    """Upgrades the database at `address` (`postgresql+psycopg://...`) to the newest revision; repeats harmlessly.

    Waits for another set-up that is at it. Raises MigrationFailed; PostgreSQL then holds the revision it had.
    """
    configuration = Config(TREE / "alembic.ini")
    engine = create_engine(address, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()  # the lock is the session's; the migrations open their own transaction
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
            connection.commit()
    except (SQLAlchemyError, CommandError) as error:
        raise MigrationFailed(f"the database's tables could not be brought up to date: {error}") from error
    finally:
        engine.dispose()  # closing the connection gives the lock back

"""Upgrades the tables of a database with Alembic; set-ups that run at the same time wait for each other."""

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from callcenter.core.errors import CallcenterError
from callcenter.settings import TREE

_LOCK = 0x63616C6C
"""Key of the PostgreSQL advisory lock: any number that no other lock of this database uses."""


class MigrationFailed(CallcenterError):
    """The tables of the database could not be upgraded."""


def migrate(address: str) -> None:
    """Upgrades the database at `address` (`postgresql+psycopg://...`) to the newest revision; idempotent.

    Waits for a concurrent set-up. Raises MigrationFailed; the database then keeps its revision.
    """
    configuration = Config(TREE / "alembic.ini")
    engine = create_engine(address, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()  # the session keeps the lock; the migrations open their own transaction
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
            connection.commit()
    except (SQLAlchemyError, CommandError) as error:
        raise MigrationFailed(f"the database's tables could not be brought up to date: {error}") from error
    finally:
        engine.dispose()  # closing the connection releases the lock

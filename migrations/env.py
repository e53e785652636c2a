"""Runs the migrations with the synchronous psycopg driver.

The address is the option `sqlalchemy.url`, else `alembic -x address=...`; an open connection handed over in
`config.attributes["connection"]` wins over both.
"""

from alembic import context
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

import callcenter.alarms.models
import callcenter.callbacks.models
import callcenter.calls.models
import callcenter.companies.models
import callcenter.intake.models
import callcenter.meters.models
import callcenter.questions.models
import callcenter.queues.models
import callcenter.staff.models
import callcenter.tickets.models  # noqa: F401  (these imports fill the metadata)
from callcenter.core.database import Base
from callcenter.core.errors import CallcenterError


def _migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


def _address() -> str:
    address = context.config.get_main_option("sqlalchemy.url") or context.get_x_argument(as_dictionary=True).get(
        "address"
    )
    if not address:
        raise CallcenterError("no database address: give alembic -x address=postgresql+psycopg://...")
    return str(address)


given = context.config.attributes.get("connection")
if isinstance(given, Connection):
    _migrate(given)
else:
    engine = create_engine(_address(), poolclass=NullPool)
    with engine.connect() as opened:
        _migrate(opened)

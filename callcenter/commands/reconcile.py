"""`callcenter reconcile`: compares Asterisk's channels and bridges, files and database rows; prints every orphan.

Exit code 1 when there is an orphan.
"""

import argparse
import asyncio
from datetime import UTC, datetime

from callcenter.core.database import Database
from callcenter.instance.instance import Instance, open_instance
from callcenter.operations.postgres import PostgresCluster
from callcenter.reporting.reconciliation import Orphan, find_orphans
from callcenter.telephony.ari.switch import AriStateReader


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(_arguments: argparse.Namespace) -> int:
    """Raises AsteriskUnavailable and DatabaseUnavailable: the comparison needs both."""
    orphans = asyncio.run(_find_orphans(open_instance()))
    for orphan in orphans:
        print(orphan)
    if not orphans:
        print("Everything belongs to something: no orphans.")
    return 1 if orphans else 0


async def _find_orphans(instance: Instance) -> list[Orphan]:
    switch = AriStateReader(f"http://127.0.0.1:{instance.ports.asterisk_http}", password=instance.secrets.ari_password)
    database = Database(PostgresCluster(instance.layout, instance.ports).address(), node_id=instance.settings.node_id)
    try:
        return await find_orphans(
            database, instance.layout, instance.settings.recordings_directory, switch, now=datetime.now(UTC)
        )
    finally:
        await database.close()

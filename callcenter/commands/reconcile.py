"""`callcenter reconcile`: compares Asterisk, files and rows; prints every orphan, exit 1 when there is one."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from callcenter.core.database import Database
from callcenter.core.errors import CallcenterError
from callcenter.instance.cluster import Cluster
from callcenter.instance.place import Instance, open_instance
from callcenter.intake.reconciliation import Orphan, SeenBridge, SeenChannel, find_orphans

HELP = "compare channels, bridges, files and rows; print what belongs to nothing"


class AsteriskSilent(CallcenterError):
    """Asterisk does not answer; is the centre running? (callcenter run)"""


class AriSwitch:
    """Asterisk over ARI's plain requests, so that it can be asked while no controller lives."""

    def __init__(self, address: str, *, password: str) -> None:
        self._address = address
        self._auth = ("callcenter", password)

    async def channels(self) -> Sequence[SeenChannel]:
        """Raises AsteriskSilent."""
        return [
            SeenChannel(
                row["id"], row["name"], row.get("dialplan", {}).get("context", ""), _moment(row["creationtime"])
            )
            for row in await self._ask("channels")
        ]

    async def bridges(self) -> Sequence[SeenBridge]:
        """Raises AsteriskSilent."""
        return [
            SeenBridge(row["id"], tuple(row["channels"]), _moment(row["creationtime"]))
            for row in await self._ask("bridges")
        ]

    async def _ask(self, what: str) -> list[Mapping[str, Any]]:
        try:
            async with httpx.AsyncClient(auth=self._auth, timeout=5.0, trust_env=False) as client:
                answer = await client.get(f"{self._address}/ari/{what}")
                answer.raise_for_status()
                rows: list[Mapping[str, Any]] = answer.json()
                return rows
        except (httpx.HTTPError, ValueError) as error:
            raise AsteriskSilent(f"{self._address}: {error}; is the centre running? (callcenter run)") from error


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(_arguments: argparse.Namespace) -> int:
    """Raises AsteriskSilent and DatabaseAway: what cannot be asked cannot be compared."""
    orphans = asyncio.run(_compare(open_instance()))
    for orphan in orphans:
        print(orphan)
    if not orphans:
        print("Everything belongs to something: no orphans.")
    return 1 if orphans else 0


async def _compare(instance: Instance) -> list[Orphan]:
    switch = AriSwitch(f"http://127.0.0.1:{instance.ports.asterisk_http}", password=instance.secrets.ari_password)
    database = Database(Cluster(instance.layout, instance.ports).address())
    try:
        return await find_orphans(
            database, instance.layout, instance.settings.recordings_directory, switch, now=datetime.now(UTC)
        )
    finally:
        await database.close()


def _moment(text: str) -> datetime:
    """ARI writes 2026-11-24T21:18:31.123+0000."""
    return datetime.fromisoformat(text).astimezone(UTC)

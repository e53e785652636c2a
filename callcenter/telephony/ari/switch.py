"""Asterisk asked for what it holds, by ARI's plain requests: no application, no events, so that it answers while no
controller lives."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from callcenter.core.errors import CallcenterError
from callcenter.intake.reconciliation import SeenBridge, SeenChannel


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


def _moment(text: str) -> datetime:
    """ARI writes 2026-11-24T21:18:31.123+0000."""
    return datetime.fromisoformat(text).astimezone(UTC)

"""Asterisk asked for what it holds, by ARI's plain requests: no application, no events, so that it answers while no
controller lives."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from callcenter.intake.errors import AsteriskSilent
from callcenter.intake.reconciliation import SeenBridge, SeenChannel

_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""This is plain HTTP; by default every client reads all certificates of the machine, which takes longer than to ask."""


class AriSwitch:
    """Asterisk over ARI's plain requests, so that it can be asked while no controller lives."""

    def __init__(self, address: str, *, password: str) -> None:
        self._address = address
        self._auth = ("callcenter", password)

    async def boot(self) -> str:
        """The mark of Asterisk's present start (`b17`), with which the ids of all its channels begin.

        Raises AsteriskSilent.
        """
        told = await self._ask("asterisk/info?filter=config")
        return str(told["config"]["name"])

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

    async def _ask(self, what: str) -> Any:
        """A connection for each question: one kept from before would belong to an Asterisk that has died since."""
        try:
            async with httpx.AsyncClient(auth=self._auth, timeout=5.0, trust_env=False, verify=_NO_TLS) as client:
                answer = await client.get(f"{self._address}/ari/{what}")
                answer.raise_for_status()
                return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise AsteriskSilent(f"{self._address}: {error}; is the centre running? (callcenter run)") from error


def _moment(text: str) -> datetime:
    """ARI writes 2026-11-24T21:18:31.123+0000."""
    return datetime.fromisoformat(text).astimezone(UTC)

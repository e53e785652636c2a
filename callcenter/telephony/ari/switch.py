"""Reads Asterisk's channels and bridges with plain ARI requests, for the clerk and for `callcenter reconcile`.

It needs neither a Stasis application nor events, so it works while no controller runs.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from callcenter.core.errors import AsteriskUnavailable
from callcenter.intake.asterisk_state import SeenBridge, SeenChannel
from callcenter.telephony.ari.transport import HttpAriTransport


class AriStateReader:
    """Implements `intake.asterisk_state.AsteriskState`. `address` is `http://host:port`."""

    def __init__(self, address: str, *, password: str) -> None:
        self._address = address
        self._password = password

    async def read_boot_id(self) -> str:
        """The name of Asterisk's current start, e.g. `b17`. All channel ids of that start begin with it.

        Raises AsteriskUnavailable.
        """
        told = await self._ask("/asterisk/info", filter="config")
        return str(told["config"]["name"])

    async def list_channels(self) -> Sequence[SeenChannel]:
        """Raises AsteriskUnavailable."""
        return [
            SeenChannel(
                row["id"],
                row["name"],
                row.get("dialplan", {}).get("context", ""),
                _moment(row["creationtime"]),
                row.get("caller", {}).get("number", ""),
            )
            for row in await self._ask("/channels")
        ]

    async def read_dialled_number(self, channel_id: str) -> str:
        """The number that the caller dialled (CC_DIALLED); "" when it is unknown or the channel is gone.

        Raises AsteriskUnavailable.
        """
        told = await self._ask(f"/channels/{quote(channel_id, safe='')}/variable", variable="CC_DIALLED")
        return str(told.get("value", ""))

    async def list_bridges(self) -> Sequence[SeenBridge]:
        """Raises AsteriskUnavailable."""
        return [
            SeenBridge(row["id"], tuple(row["channels"]), _moment(row["creationtime"]))
            for row in await self._ask("/bridges")
        ]

    async def _ask(self, path: str, **parameters: str) -> Any:
        """The JSON of the reply; {} for status 404."""
        # One connection per request: requests are rare, so no connection is kept open.
        wire = HttpAriTransport(self._address, user="callcenter", password=self._password, reply_within=5.0)
        try:
            reply = await wire.send_request("GET", path, parameters=parameters)
            if reply.status == 404:
                return {}
            if reply.status != 200:
                raise ValueError(f"{reply.status} {reply.text[:200]}")
            return reply.json()
        except (OSError, ValueError) as error:
            why = str(error) or type(error).__name__
            raise AsteriskUnavailable(f"{self._address}: {why}; is the centre running? (callcenter run)") from error
        finally:
            await wire.close()


def _moment(text: str) -> datetime:
    """Parses a time as ARI writes it, e.g. 2026-11-24T21:18:31.123+0000."""
    return datetime.fromisoformat(text).astimezone(UTC)

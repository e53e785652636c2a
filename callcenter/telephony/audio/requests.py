"""An ARI client with the additional requests for live audio: snoop channels, media channels and bridges."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from callcenter.telephony.ari.client import AriClient

_SIP_CHANNEL_PREFIX = "PJSIP/"
_HANDED_OVER_CONTEXTS = frozenset({"fallback", "to-queue", "callback", "voicemail", "message"})
"""Dialplan contexts of callers whom the robot has released, or who never reached the robot."""


@dataclass(frozen=True, slots=True)
class HandedOverCall:
    """A call outside the robot. `member_channel`: channel id of the dispatcher in the call; None: no dispatcher yet."""

    call_id: str
    member_channel: str | None


class AudioAriClient(AriClient):
    """Implements `taps.TapRequests` and `transport.MediaRequests`. All ids are chosen by the centre.

    Every request raises ChannelGone, AsteriskUnavailable, RequestRefused.
    """

    async def start_media(self, media_id: str, **parameters: str) -> None:
        """Creates an externalMedia channel in our application. Its StasisStart may arrive before this returns."""
        await self._request(
            "POST",
            "/channels/externalMedia",
            parameters={"app": self._application, "channelId": media_id, **parameters},
        )

    async def start_snoop(self, channel_id: str, *, snoop_id: str, spy: str) -> None:
        """Creates a snoop channel with the audio that `channel_id` sends (`spy="in"`) or receives (`spy="out"`).

        `channel_id` need not be in our application.
        """
        await self._request(
            "POST",
            f"/channels/{quote(channel_id)}/snoop/{quote(snoop_id)}",
            parameters={"app": self._application, "spy": spy},
        )

    async def list_handed_over_calls(self) -> tuple[HandedOverCall, ...]:
        """All calls in the dialplan outside the robot, e.g. in the queue or in a talk with a dispatcher.

        Calls that another controller handed over are included.
        """
        return find_handed_over_calls(await self._request("GET", "/channels"), await self._request("GET", "/bridges"))

    async def bridge_channels(self, bridge_id: str, *channel_ids: str) -> None:
        """Creates a mixing bridge and adds the channels. The channels must have entered our application."""
        await self._request("POST", f"/bridges/{quote(bridge_id)}", parameters={"type": "mixing"})
        await self._request(
            "POST", f"/bridges/{quote(bridge_id)}/addChannel", parameters={"channel": ",".join(channel_ids)}
        )


def find_handed_over_calls(
    channels: Iterable[Mapping[str, Any]], bridges: Iterable[Mapping[str, Any]]
) -> tuple[HandedOverCall, ...]:
    """The calls outside the robot, from ARI's lists of channels and bridges."""
    people = {row["id"]: row["dialplan"]["context"] for row in channels if row["name"].startswith(_SIP_CHANNEL_PREFIX)}
    partners = {
        one: other
        for row in bridges
        for one in row["channels"]
        for other in row["channels"]
        if other in people and other != one
    }
    return tuple(
        HandedOverCall(call_id, partners.get(call_id))
        for call_id, context in people.items()
        if context in _HANDED_OVER_CONTEXTS
    )

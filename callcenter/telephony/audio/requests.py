"""The requests of ARI that live audio needs, beside those the calls need."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from callcenter.telephony.ari.client import AriClient

_SIP_CHANNEL_PREFIX = "PJSIP/"
_HANDED_OVER_CONTEXTS = frozenset({"fallback", "to-queue", "callback", "voicemail", "message"})
"""The dialplan's contexts for callers whom the robot has let go of, or never had."""


@dataclass(frozen=True, slots=True)
class OngoingTalk:
    """A caller whom no robot holds. `member_channel`: whom they talk with; None: nobody yet."""

    call_id: str
    member_channel: str | None


class AudioAriClient(AriClient):
    """See AriClient. All ids are chosen by us.

    Every request raises ChannelGone, AsteriskUnavailable, RequestRefused.
    """

    async def start_media(self, media_id: str, **parameters: str) -> None:
        """Makes an externalMedia channel in our application; its StasisStart may arrive before this returns."""
        await self._request(
            "POST",
            "/channels/externalMedia",
            parameters={"app": self._application, "channelId": media_id, **parameters},
        )

    async def start_snoop(self, channel_id: str, *, snoop_id: str, spy: str) -> None:
        """Makes a channel that carries what `channel_id` says (`spy="in"`) or hears (`"out"`), wherever that one is."""
        await self._request(
            "POST",
            f"/channels/{quote(channel_id)}/snoop/{quote(snoop_id)}",
            parameters={"app": self._application, "spy": spy},
        )

    async def list_handed_over_calls(self) -> tuple[OngoingTalk, ...]:
        """Everybody who waits for a dispatcher or talks with one, whatever controller put them through."""
        return find_talks(await self._request("GET", "/channels"), await self._request("GET", "/bridges"))

    async def bridge_channels(self, bridge_id: str, *channel_ids: str) -> None:
        """Makes a bridge and puts channels into it, which must have entered our application."""
        await self._request("POST", f"/bridges/{quote(bridge_id)}", parameters={"type": "mixing"})
        await self._request(
            "POST", f"/bridges/{quote(bridge_id)}/addChannel", parameters={"channel": ",".join(channel_ids)}
        )


def find_talks(channels: Iterable[Mapping[str, Any]], bridges: Iterable[Mapping[str, Any]]) -> tuple[OngoingTalk, ...]:
    """The talks in ARI's lists of channels and bridges."""
    people = {row["id"]: row["dialplan"]["context"] for row in channels if row["name"].startswith(_SIP_CHANNEL_PREFIX)}
    partners = {
        one: other
        for row in bridges
        for one in row["channels"]
        for other in row["channels"]
        if other in people and other != one
    }
    return tuple(
        OngoingTalk(call_id, partners.get(call_id))
        for call_id, context in people.items()
        if context in _HANDED_OVER_CONTEXTS
    )

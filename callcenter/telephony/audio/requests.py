"""The requests of ARI that live audio needs, beside those the calls need."""

from urllib.parse import quote

from callcenter.telephony.ari.client import Ari


class AudioAri(Ari):
    """See Ari. All ids are chosen by us. Every request raises Gone, AsteriskAway, Refused."""

    async def start_media(self, media_id: str, **parameters: str) -> None:
        """Makes an externalMedia channel in our application; its StasisStart may arrive before this returns."""
        await self._ask(
            "POST",
            "/channels/externalMedia",
            parameters={"app": self._application, "channelId": media_id, **parameters},
        )

    async def start_snoop(self, channel_id: str, *, snoop_id: str, spy: str) -> None:
        """Makes a channel that carries what `channel_id` says (`spy="in"`) or hears (`"out"`), wherever that one is."""
        await self._ask(
            "POST",
            f"/channels/{quote(channel_id)}/snoop/{quote(snoop_id)}",
            parameters={"app": self._application, "spy": spy},
        )

    async def join(self, bridge_id: str, *channel_ids: str) -> None:
        """Makes a bridge and puts channels into it, which must have entered our application."""
        await self._ask("POST", f"/bridges/{quote(bridge_id)}", parameters={"type": "mixing"})
        await self._ask(
            "POST", f"/bridges/{quote(bridge_id)}/addChannel", parameters={"channel": ",".join(channel_ids)}
        )

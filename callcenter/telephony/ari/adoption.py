"""Settling with Asterisk after every connect: whose calls are whose.

Four cases. Calls in our application that nobody here knows were left by a controller that died: the dialplan goes on
with them. Calls we hold that Asterisk does not are over. Calls that both know lived through a mere break of the
connection: what they reported meanwhile is lost, so their words are said again. Bridges and media channels are left
over by definition, unless they are of an open tap.
"""

import asyncio
import contextlib
from collections.abc import Iterable

import structlog

from callcenter.conducting.mailbox import Left, Reconnected
from callcenter.conducting.ports import ChannelGone
from callcenter.conducting.switchboard import Switchboard
from callcenter.telephony.ari.client import AriClient
from callcenter.telephony.audio.tap_recognition import TapRecognition
from callcenter.telephony.audio.taps import MARK, Taps

log = structlog.get_logger()

ON_ITS_WAY = 0.5
"""Seconds for the StasisStart of a call that Asterisk lists already. The two go by different sockets."""
_OWN_CHANNEL_PREFIXES = ("Snoop/", "UnicastRTP/", "WebSocket/", "AudioSocket/")
"""Channels no caller can have. Only these are ever hung up."""


class Adoption:
    def __init__(
        self,
        ari: AriClient,
        switchboard: Switchboard,
        *,
        taps: Taps | None = None,
        ear: TapRecognition | None = None,
        stasis_start_grace: float = ON_ITS_WAY,
    ) -> None:
        """`taps` and `ear` together, or neither."""
        self._ari = ari
        self._switchboard = switchboard
        self._taps = taps
        self._ear = ear
        self._on_its_way = stasis_start_grace

    async def reconcile_channels(self) -> None:
        """Raises AsteriskUnavailable, ChannelGone (the application vanished), Refused."""
        held = self._switchboard.call_ids
        application = await self._ari.read_application()
        for call_id in held.difference(application.channel_ids):
            self._switchboard.post(call_id, Left())
        for call_id in held.intersection(application.channel_ids):
            self._switchboard.post(call_id, Reconnected())
        if self._taps is not None:
            await self._taps.remove_strays()
        for bridge_id in filter(self._is_untracked, application.bridge_ids):
            log.warning("a bridge was left over", bridge=bridge_id)
            with contextlib.suppress(ChannelGone):
                await self._ari.remove_bridge(bridge_id)
        strangers = self._find_unknown(application.channel_ids)
        if strangers:
            await asyncio.sleep(self._on_its_way)
            still_here = (await self._ari.read_application()).channel_ids
            for call_id in self._find_unknown(still_here) & strangers:
                await self._release_or_remove(call_id)

    def _find_unknown(self, channel_ids: Iterable[str]) -> frozenset[str]:
        return frozenset(filter(self._is_untracked, channel_ids)) - self._switchboard.call_ids

    def _is_untracked(self, id_: str) -> bool:
        """False for what taps are made of: while there are taps, they know their own."""
        return self._taps is None or not id_.startswith(MARK)

    async def _release_or_remove(self, channel_id: str) -> None:
        with contextlib.suppress(ChannelGone):
            channel = await self._ari.read_channel(channel_id)
            if channel.name.startswith(_OWN_CHANNEL_PREFIXES):
                log.warning("a channel of ours was left over", channel=channel.name)
                await self._ari.remove_channel(channel_id)
            else:
                log.warning("a call without a controller is passed on", call_id=channel_id)
                await self._switchboard.release_orphan(channel_id)
                if self._ear is not None:
                    self._ear.recognize_caller(channel_id)

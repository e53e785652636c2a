"""Compares Asterisk's channels and bridges with the controller's calls after every connect, and settles differences.

There are four cases:

- A call that only Asterisk knows was left by a dead controller. It is released to the dialplan.
- A call that only the controller knows has ended.
- A call that both know survived a break of the connection. Its events during the break are lost, so the last prompt is
  played again.
- Bridges, snoop channels and media channels are leftovers, unless they belong to an open tap. They are removed.
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
from callcenter.telephony.audio.taps import TAP_ID_PREFIX, Taps

log = structlog.get_logger()

STASIS_START_GRACE_SECONDS = 0.5
"""Seconds to wait for the StasisStart of a channel that Asterisk already lists. The event and the list arrive over
different connections, so a new call may be listed first."""
_OWN_CHANNEL_PREFIXES = ("Snoop/", "UnicastRTP/", "WebSocket/", "AudioSocket/")
"""Channel types that no caller can have. Only channels of these types are hung up."""


class Adoption:
    def __init__(
        self,
        ari: AriClient,
        switchboard: Switchboard,
        *,
        taps: Taps | None = None,
        ear: TapRecognition | None = None,
        stasis_start_grace: float = STASIS_START_GRACE_SECONDS,
    ) -> None:
        """Give `taps` and `ear` together, or neither. `stasis_start_grace`: seconds, see STASIS_START_GRACE_SECONDS."""
        self._ari = ari
        self._switchboard = switchboard
        self._taps = taps
        self._ear = ear
        self._on_its_way = stasis_start_grace

    async def reconcile_channels(self) -> None:
        """Settles all differences.

        Raises AsteriskUnavailable, ChannelGone (the application is gone), RequestRefused.
        """
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
        """False for channels and bridges of taps while `taps` is given: `Taps.remove_strays` cleans those up."""
        return self._taps is None or not id_.startswith(TAP_ID_PREFIX)

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

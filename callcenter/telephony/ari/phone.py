"""The callers' channels through ARI: what `conducting.ports.Phone` promises."""

import contextlib

from callcenter.conducting.ports import ChannelGone
from callcenter.telephony.ari.client import AriClient
from callcenter.telephony.ari.router import Playbacks

_RENEW_LEASE_EXPRESSION = "${SET(TIMEOUT(absolute)=${CC_LEASE})}"
"""Written as a reading, because Asterisk lets a writing wait until the playback ends (measured with 22.10), and a menu
is longer than a lease. The dialplan holds the length in CC_LEASE and makes it 0 when it takes the channel back, so
that a renewal which comes too late leaves the caller in the queue without any time limit, as the dialplan does."""
_END_WAIT_EXPRESSION = "${SET(TIMEOUT(absolute)=0.01)}"
"""Takes whoever is in the queue out of it; the dialplan (to-queue, T) puts them there again."""


class AriPhone:
    def __init__(self, ari: AriClient, playbacks: Playbacks) -> None:
        self._ari = ari
        self._playbacks = playbacks

    async def play(self, call_id: str, sound: str, *, playback_id: str) -> None:
        self._playbacks.expect(playback_id, call_id)
        try:
            await self._ari.play(call_id, f"sound:{sound}", playback_id=playback_id)
        except BaseException:
            self._playbacks.forget(playback_id)
            raise

    async def stop_prompt(self, playback_id: str) -> None:
        self._playbacks.forget(playback_id)
        with contextlib.suppress(ChannelGone):  # it had ended by itself
            await self._ari.stop_playback(playback_id)

    async def send_silence(self, call_id: str) -> None:
        await self._ari.start_silence(call_id)

    async def set_variable(self, call_id: str, name: str, value: str) -> None:
        await self._ari.set_variable(call_id, name, value)

    async def renew_lease(self, call_id: str) -> None:
        if await self._ari.evaluate(call_id, _RENEW_LEASE_EXPRESSION) in ("", "0"):
            raise ChannelGone("the lease was over")

    async def requeue_caller(self, call_id: str) -> None:
        """Has a caller who waits in the queue leave it and come again.

        Raises AsteriskUnavailable, ChannelGone, RequestRefused.
        """
        await self._ari.evaluate(call_id, _END_WAIT_EXPRESSION)

    def forget(self, call_id: str) -> None:
        self._playbacks.forget_call(call_id)

    async def continue_at(self, call_id: str, context: str) -> None:
        await self._ari.continue_in_dialplan(call_id, context=context)

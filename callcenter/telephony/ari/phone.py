"""Control of the callers' channels through ARI."""

import contextlib

from callcenter.conducting.ports import ChannelGone
from callcenter.telephony.ari.client import AriClient
from callcenter.telephony.ari.router import Playbacks

_RENEW_LEASE_EXPRESSION = "${SET(TIMEOUT(absolute)=${CC_LEASE})}"
"""Sets the channel's absolute timeout by reading a variable. Asterisk 22.10 delays a write until the playback ends
(measured), and a menu prompt is longer than a lease; a read is executed at once. CC_LEASE is the lease in seconds. The
dialplan sets CC_LEASE to 0 when it takes the channel back, so a late renewal sets no timeout for the queued caller."""
_END_WAIT_EXPRESSION = "${SET(TIMEOUT(absolute)=0.01)}"
"""Lets the absolute timeout end the caller's wait in the queue; the dialplan (to-queue, T) then queues them again."""


class AriPhone:
    """Implements `conducting.ports.Phone`."""

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
        with contextlib.suppress(ChannelGone):  # the playback has already ended
            await self._ari.stop_playback(playback_id)

    async def send_silence(self, call_id: str) -> None:
        await self._ari.start_silence(call_id)

    async def set_variable(self, call_id: str, name: str, value: str) -> None:
        await self._ari.set_variable(call_id, name, value)

    async def renew_lease(self, call_id: str) -> None:
        if await self._ari.evaluate(call_id, _RENEW_LEASE_EXPRESSION) in ("", "0"):
            raise ChannelGone("the lease was over")

    async def requeue_caller(self, call_id: str) -> None:
        """Makes a caller who waits in the queue leave and re-enter it.

        Raises AsteriskUnavailable, ChannelGone, RequestRefused.
        """
        await self._ari.evaluate(call_id, _END_WAIT_EXPRESSION)

    def forget(self, call_id: str) -> None:
        self._playbacks.forget_call(call_id)

    async def continue_at(self, call_id: str, context: str) -> None:
        await self._ari.continue_in_dialplan(call_id, context=context)

"""The lease: how long the dialplan leaves a call to the controller without a renewal.

The dialplan sets `TIMEOUT(absolute)` before `Stasis`. When the timeout expires, Asterisk takes the channel back and
queues it. The lease is renewed only by the loop that reads the call's own mailbox, never by a common timer. So a call
whose action or prompt hangs returns to the dialplan, and so do all calls of a killed or frozen controller.
See docs/decisions/0005.
"""

from callcenter.conducting.ports import CallMetrics, ChannelControl
from callcenter.core.clock import Clock
from callcenter.core.errors import AsteriskUnavailable


class Lease:
    """The lease of one call, `seconds` long. Renewed at most twice a second, and at least three times per lease."""

    def __init__(
        self, phone: ChannelControl, call_id: str, *, seconds: int, clock: Clock, measures: CallMetrics
    ) -> None:
        self._phone = phone
        self._measures = measures
        self._call_id = call_id
        self._seconds = seconds
        self._clock = clock
        self._renewed_at = clock.monotonic()

    @property
    def renewal_interval(self) -> float:
        """Longest wait for a letter in seconds, after which the lease must be renewed."""
        return min(2.0, self._seconds / 3)

    async def renew_if_due(self) -> None:
        """Renews the lease unless it was renewed a moment ago.

        Raises ChannelGone when the channel has left the application, and AsteriskUnavailable.
        """
        now = self._clock.monotonic()
        if now - self._renewed_at < min(0.5, self.renewal_interval):
            return
        try:
            await self._phone.renew_lease(self._call_id)
        except AsteriskUnavailable:
            self._measures.count_failed_renewal()
            raise
        self._renewed_at = now

"""The lease: how long the dialplan leaves a call with us without a sign of life.

The dialplan sets `TIMEOUT(absolute)` before it hands the channel over; when it runs out, Asterisk takes the channel
back and queues it. Only the turn of a call's own mailbox renews its lease, never a timer for all: a call whose action
or prompt hangs stops renewing and is freed, and so is every call of a controller that was killed or frozen.
"""

from callcenter.conducting.ports import CallMetrics, Phone
from callcenter.core.clock import Clock
from callcenter.core.errors import AsteriskUnavailable


class Lease:
    """One call's lease of `seconds`, renewed at most twice a second and at least three times in its length."""

    def __init__(self, phone: Phone, call_id: str, *, seconds: int, clock: Clock, measures: CallMetrics) -> None:
        self._phone = phone
        self._measures = measures
        self._call_id = call_id
        self._seconds = seconds
        self._clock = clock
        self._renewed_at = clock.monotonic()

    @property
    def renewal_interval(self) -> float:
        """How long a turn may wait for a letter before the lease must be renewed."""
        return min(2.0, self._seconds / 3)

    async def renew_if_due(self) -> None:
        """Raises ChannelGone when the call is not ours any more, AsteriskUnavailable."""
        now = self._clock.monotonic()
        if now - self._renewed_at < min(0.5, self.renewal_interval):
            return
        try:
            await self._phone.renew_lease(self._call_id)
        except AsteriskUnavailable:
            self._measures.count_failed_renewal()
            raise
        self._renewed_at = now

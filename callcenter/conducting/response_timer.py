"""Measures response time: from the caller's answer until Asterisk has accepted the sound that replies to it."""

from callcenter.conducting.ports import CallMetrics
from callcenter.core.clock import Clock


class ResponseTimer:
    """The response timer of one call. It runs from `begin` to `end`; `forget` discards the measurement."""

    def __init__(self, clock: Clock, measures: CallMetrics) -> None:
        self._clock = clock
        self._measures = measures
        self._given_at: float | None = None
        self._by_words = False

    def begin(self, given_at: float | None, *, by_words: bool = False) -> None:
        """Starts the timer. `given_at`: when the key was pressed or the words ended, in monotonic seconds; None: not
        known, and nothing is measured."""
        self._given_at, self._by_words = given_at, by_words

    def forget(self) -> None:
        """Discards the measurement: the next prompt is not a reply to the caller."""
        self._given_at = None

    def end(self) -> None:
        """Records the response time: Asterisk has accepted the sound."""
        if self._given_at is not None:
            self._measures.record_response_time(self._clock.monotonic() - self._given_at, by_words=self._by_words)
        self._given_at = None

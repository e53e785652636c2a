"""How long a caller waits for what answers them, seen from here: until Asterisk has the sound."""

from callcenter.conducting.ports import CallMetrics
from callcenter.core.clock import Clock


class TurnTime:
    """One call's. An answer to which nothing was said yet is unanswered."""

    def __init__(self, clock: Clock, measures: CallMetrics) -> None:
        self._clock = clock
        self._measures = measures
        self._given_at: float | None = None
        self._by_words = False

    def begin(self, given_at: float | None, *, by_words: bool = False) -> None:
        """The caller has answered, by a key or with words that ended then; monotonic seconds, None: not known."""
        self._given_at, self._by_words = given_at, by_words

    def forget(self) -> None:
        """What comes now answers something else."""
        self._given_at = None

    def end(self) -> None:
        """Asterisk has a sound to play."""
        if self._given_at is not None:
            self._measures.record_response_time(self._clock.monotonic() - self._given_at, by_words=self._by_words)
        self._given_at = None

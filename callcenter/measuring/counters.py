"""Metrics that the controller counts itself. `watcher.py` reads the metrics of the database on request."""

from prometheus_client import CollectorRegistry, Counter, Histogram

LAG_BOUNDS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
TURN_BOUNDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.8, 1.5, 3.0, 6.0)
"""Histogram buckets in seconds: of the recognition lag, and of the response time."""


class Counters:
    """Implements `conducting.ports.CallMetrics`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._turns = Histogram(
            "callcenter_turn_seconds",
            "From a caller's key, or the end of their words, until Asterisk has the sound that answers it.",
            labelnames=["by"],
            buckets=TURN_BOUNDS,
            registry=registry,
        )
        for way in ("key", "words"):
            self._turns.labels(way)  # exported from the start, with zero
        self._failed_renewals = Counter(
            "callcenter_lease_renewals_failed", "Renewals of a lease that Asterisk did not hear.", registry=registry
        )
        self._lags = Histogram(
            "callcenter_ear_lag_seconds",
            "The longest that sound waited in an ear, each half second in which it had some.",
            buckets=LAG_BOUNDS,
            registry=registry,
        )
        self._dropped = Counter("callcenter_ear_dropped_seconds", "Sound that no ear heard.", registry=registry)
        self._losses = Counter("callcenter_ear_losses", "Ears that were lost.", registry=registry)
        self._silent = Counter(
            "callcenter_audio_streams_silent",
            "Streams of live audio that were silent and made anew.",
            registry=registry,
        )

    def record_response_time(self, seconds: float, *, by_words: bool = False) -> None:
        self._turns.labels("words" if by_words else "key").observe(seconds)

    def count_failed_renewal(self) -> None:
        self._failed_renewals.inc()

    def record_recognition_lag(self, seconds: float) -> None:
        self._lags.observe(seconds)

    def count_dropped_audio(self, seconds: float) -> None:
        self._dropped.inc(seconds)

    def count_recognizer_loss(self) -> None:
        self._losses.inc()

    def count_silent_stream(self) -> None:
        self._silent.inc()

"""What the controller counts as it goes; the rest is asked of the database when somebody looks."""

from prometheus_client import CollectorRegistry, Counter, Histogram

TURN_BOUNDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.8, 1.5, 3.0, 6.0)


class Counters:
    """Implements `conducting.ports.Measures`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._turns = Histogram(
            "callcenter_turn_seconds",
            "From a caller's key until Asterisk has the sound that answers it.",
            buckets=TURN_BOUNDS,
            registry=registry,
        )
        self._failed_renewals = Counter(
            "callcenter_lease_renewals_failed", "Renewals of a lease that Asterisk did not hear.", registry=registry
        )

    def turn_took(self, seconds: float) -> None:
        self._turns.observe(seconds)

    def renewal_failed(self) -> None:
        self._failed_renewals.inc()

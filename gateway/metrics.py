"""What a gateway counts, for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

from transport.metrics import show_producer_queue


class GatewayMetrics:
    """The counters of one gateway, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.accepted = Counter(
            "sigmak_filings_accepted", "Filings accepted, by lane", ["priority"], registry=self.registry
        )
        self.replayed = Counter(
            "sigmak_submissions_replayed",
            "Submissions answered with the task of an earlier one with their Idempotency-Key",
            registry=self.registry,
        )
        self.refused = Counter(
            "sigmak_filings_refused", "Filings that Kafka could not take", ["reason"], registry=self.registry
        )

    def show(self, *, table_lag: Callable[[], int], queued: Callable[[], int]) -> None:
        """Show how far the status table is behind its topic, and how many events wait for Kafka."""
        lag = Gauge(
            "sigmak_status_table_lag", "Records of the status topic that the table lacks", registry=self.registry
        )
        lag.set_function(table_lag)
        show_producer_queue(self.registry, queued)

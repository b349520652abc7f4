"""What every process with a producer shows."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Gauge


def show_producer_queue(registry: CollectorRegistry, queued: Callable[[], int]) -> None:
    """Show how many events wait for Kafka's acknowledgement in this process's producer."""
    gauge = Gauge("sigmak_producer_queue_events", "Events that wait for Kafka's acknowledgement", registry=registry)
    gauge.set_function(queued)

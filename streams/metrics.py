"""What workers and followers count."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schemas.topics import LANES
from transport.metrics import show_producer_queue

if TYPE_CHECKING:
    from streams.lifetimes import Lifetimes

_STAGE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
"""Up to minutes: Faust's own sensor ends at 10 s, and a first filing on a busy machine may take longer."""


class WorkerMetrics:
    """The counters of one worker, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.finished = Counter("sigmak_filings_finished", "Filings ended, by state", ["state"], registry=self.registry)
        self.skipped = Counter(
            "sigmak_filings_skipped", "Redelivered filings that had already ended", registry=self.registry
        )
        self.retried = Counter(
            "sigmak_filings_retried", "Attempts that failed for now and are tried again", registry=self.registry
        )
        self.dead_lettered = Counter(
            "sigmak_filings_dead_lettered", "Dead letters, by reason", ["reason"], registry=self.registry
        )
        self.redelivered = Counter(
            "sigmak_filings_redelivered", "Filings started again that had not ended", registry=self.registry
        )
        self.cancellations = Counter(
            "sigmak_cancellations", "Cancellations, by what came of each", ["outcome"], registry=self.registry
        )
        self.batch_events = Counter(
            "sigmak_batch_events", "What was told of batches, by what came of it", ["outcome"], registry=self.registry
        )
        self.lag = Gauge(
            "sigmak_lane_lag",
            "Filings on this worker's partitions that have not ended",
            ["lane"],
            registry=self.registry,
        )
        self.stages = Histogram(
            "sigmak_stage_seconds",
            "How long each step takes",
            ["stage"],
            buckets=_STAGE_BUCKETS,
            registry=self.registry,
        )

    def show(
        self, *, oldest: Callable[[str], datetime | None], now: Callable[[], datetime], queued: Callable[[], int]
    ) -> None:
        """Show the age of the oldest filing in hand by lane, and how many events wait for Kafka."""
        ages = Gauge(
            "sigmak_lane_oldest_seconds", "Age of the oldest filing that waits or is in work", ["lane"],
            registry=self.registry,
        )  # fmt: skip
        for lane in LANES:
            ages.labels(lane).set_function(partial(_age, lane, oldest, now))
        show_producer_queue(self.registry, queued)


def _age(lane: str, oldest: Callable[[str], datetime | None], now: Callable[[], datetime]) -> float:
    appended_at = oldest(lane)
    return 0.0 if appended_at is None else (now() - appended_at).total_seconds()


class ForwarderMetrics:
    """What the forwarder counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.forwarded = Counter("sigmak_filings_forwarded", "Filings sent back to their lane", registry=self.registry)

    def show_overdue(self, overdue: Callable[[], float]) -> None:
        """Show how late the oldest filing is that waits for its next attempt."""
        gauge = Gauge(
            "sigmak_forwarder_lag_seconds",
            "How long ago the oldest filing that is held back became due",
            registry=self.registry,
        )
        gauge.set_function(overdue)


class JanitorMetrics:
    """What the janitor counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.tombstoned = Counter("sigmak_tasks_tombstoned", "Tasks deleted past their life", registry=self.registry)
        self.batches_tombstoned = Counter(
            "sigmak_batches_tombstoned", "Batches deleted past their life", registry=self.registry
        )
        self.expired = Counter("sigmak_tasks_expired", "Tasks that nobody began in time", registry=self.registry)
        self._tasks = Gauge(
            "sigmak_tasks_known", "Tasks on the status topic, by state", ["state"], registry=self.registry
        )
        self._overdue = Gauge(
            "sigmak_janitor_lag_seconds", "How long ago the oldest task was to be deleted", registry=self.registry
        )

    def observe(self, lifetimes: "Lifetimes") -> None:
        """Show how it stands now."""
        for state, count in lifetimes.count().items():
            self._tasks.labels(state).set(count)
        self._overdue.set(lifetimes.overdue())


class WebhookMetrics:
    """What the sender of webhooks counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.attempts = Counter(
            "sigmak_webhooks_attempts",
            "Attempts to deliver, by HTTP status or error",
            ["result"],
            registry=self.registry,
        )
        self.ended = Counter(
            "sigmak_webhooks_ended", "Deliveries that ended, by outcome", ["outcome"], registry=self.registry
        )

    def show(self, *, waiting: Callable[[], int], in_hand: Callable[[], int], overdue: Callable[[], float]) -> None:
        """Show how many deliveries are open, how many of them are in hand, and how late the oldest other one is."""
        for name, told, value in (
            ("sigmak_webhooks_open", "Deliveries that have not ended", waiting),
            ("sigmak_webhooks_in_hand", "Attempts under way", in_hand),
            ("sigmak_webhooks_lag_seconds", "How long ago the oldest became due that waits for its receiver", overdue),
        ):
            Gauge(name, told, registry=self.registry).set_function(value)

"""What workers and followers count."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge

if TYPE_CHECKING:
    from streams.lifetimes import Lifetimes


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

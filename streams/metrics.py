"""What a worker counts."""

from prometheus_client import CollectorRegistry, Counter


class WorkerMetrics:
    """The counters of one worker, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.finished = Counter("sigmak_filings_finished", "Filings ended, by state", ["state"], registry=self.registry)
        self.skipped = Counter(
            "sigmak_filings_skipped", "Redelivered filings that had already ended", registry=self.registry
        )
        self.dead_lettered = Counter(
            "sigmak_filings_dead_lettered", "Dead letters, by reason", ["reason"], registry=self.registry
        )

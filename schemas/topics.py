"""The topic catalogue: the only place that names topics, and what each must be on the broker."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

FILINGS = "sigmak.filings.v1"
FILINGS_PRIORITY = "sigmak.filings.priority.v1"
FILINGS_RETRIES = ("sigmak.filings.retry-1.v1", "sigmak.filings.retry-2.v1", "sigmak.filings.retry-3.v1")
FILINGS_DEAD = "sigmak.filings.dead.v1"
CANCELLATIONS = "sigmak.cancellations.v1"
TASKS = "sigmak.tasks.v1"
RISKS = "sigmak.risks.v1"
IDEMPOTENCY = "sigmak.idempotency.v1"
BATCH_MEMBERS = "sigmak.batch-members.v1"
BATCHES = "sigmak.batches.v1"
WEBHOOKS = "sigmak.webhooks.v1"
ATTEMPTS_CHANGELOG = "sigmak.attempts-changelog.v1"
"""Behind the workers' Table of attempts, starts and ends."""
BATCHES_CHANGELOG = "sigmak.batches-changelog.v1"
"""Behind the workers' Table of batches."""

LANES = (FILINGS, FILINGS_PRIORITY)

DEFAULT_PARTITIONS = 12
_MIB = 1024 * 1024
LANE_RETENTION = timedelta(days=30)
"""How long a filing may wait; after it the broker deletes the event, and the task has `expired`."""
RESULT_LIFE = timedelta(hours=1)
TOMBSTONE_LIFE = timedelta(days=1)
"""A reader that has been away for longer may have missed a tombstone, and so must rebuild."""
CLAIM_LIFE = timedelta(hours=24)
"""How long an Idempotency-Key stands for its task. An ended task's marker must outlive it (`TOMBSTONE_LIFE`): a filing
event that is sent again under the claim's task would show as a task that waits."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a topic must be. `config` holds only what we depend on; a broker's other settings are its own."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]

    @property
    def compacted(self) -> bool:
        """Whether the topic keeps the newest record of a key for ever."""
        return self.config["cleanup.policy"] == "compact"


def catalogue(
    *,
    partitions: int = DEFAULT_PARTITIONS,
    replication_factor: int = 1,
    result_life: timedelta = RESULT_LIFE,
    lane_retention: timedelta = LANE_RETENTION,
) -> tuple[Topic, ...]:
    """Every topic of the system.

    Lanes, retries, cancellations, batches' members and changelogs have one number of partitions, or a Table's record
    would not be on the worker that has the filing. Times are the broker's (LogAppendTime): with a producer's own, an
    upstream that stamps a filing with its filing date would have it deleted by retention before it was read.
    """

    def topic(name: str, config: Mapping[str, str]) -> Topic:
        durability = {"min.insync.replicas": "2" if replication_factor >= 3 else "1"}
        stamped = {"message.timestamp.type": "LogAppendTime", "compression.type": "producer"}
        return Topic(name, partitions, replication_factor, {**config, **stamped, **durability})

    documents = _kept(lane_retention, largest_message=16 * _MIB)
    return (
        *(topic(name, documents) for name in (*LANES, *FILINGS_RETRIES, FILINGS_DEAD)),
        topic(CANCELLATIONS, _kept(lane_retention)),
        topic(TASKS, _compacted(result_life + timedelta(hours=1), largest_message=8 * _MIB)),
        topic(RISKS, _kept(lane_retention, largest_message=8 * _MIB)),
        topic(IDEMPOTENCY, _kept(CLAIM_LIFE + timedelta(hours=1))),
        topic(BATCH_MEMBERS, _kept(lane_retention)),
        topic(BATCHES, _compacted(result_life + timedelta(hours=1), largest_message=8 * _MIB)),
        topic(WEBHOOKS, _kept(timedelta(days=2))),
        topic(ATTEMPTS_CHANGELOG, _compacted(timedelta(0))),
        topic(BATCHES_CHANGELOG, _compacted(timedelta(0))),
    )


def _milliseconds(time: timedelta) -> str:
    return str(int(time.total_seconds() * 1000))


def _kept(retention: timedelta, *, largest_message: int = _MIB) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": _milliseconds(retention),
        "max.message.bytes": str(largest_message),
    }


def _compacted(uncompacted: timedelta, *, largest_message: int = _MIB) -> dict[str, str]:
    # The active segment is never compacted: without an age limit of its own a quiet topic would keep every status.
    return {
        "cleanup.policy": "compact",
        "min.compaction.lag.ms": _milliseconds(uncompacted),
        "max.compaction.lag.ms": _milliseconds(uncompacted + timedelta(days=1)),
        "delete.retention.ms": _milliseconds(TOMBSTONE_LIFE),
        "segment.ms": _milliseconds(timedelta(hours=1)),
        "min.cleanable.dirty.ratio": "0.1",
        "max.message.bytes": str(largest_message),
    }

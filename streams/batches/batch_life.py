"""The life of a batch in a worker: opened, told of each member's end, ended; in the order that makes a crash harmless.

1. a batch's members are remembered once, the first that are told;
2. a member's outcome is remembered, the first that its owner's tasks tell;
3. the status that follows from all that is remembered is published, now and then, and surely with the last outcome;
4. whoever asked is told of the batch's end, behind its status, so that who is told can read it;
   each acknowledged; only then does the event end, and its offset may be committed.
A crash between any two repeats the rest of it: what is remembered and published again is the same to the last byte.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from schemas.batches import BatchOpened, MemberOutcome
from schemas.events import batch_status
from schemas.topics import BATCHES
from schemas.webhooks import batch_ended
from streams.batches.aggregate import status_of
from streams.batches.incoming import BatchEvent, UndecodableBatchEvent, decode_batch_event
from streams.gate import ProcessorGate
from streams.incoming import KafkaRecord
from streams.metrics import WorkerMetrics
from streams.webhooks.announcement import announce
from transport.publisher import EventPublisher

log = logging.getLogger(__name__)

_SOURCE = "/sigmak/worker"
_STATUSES = 20
"""About how often a batch's status is told: each names all members, and with every outcome 500 of them made 25 MB."""

Taken = Literal["opened", "outcome", "repeated", "stranger", "undecodable"]


@dataclass(frozen=True, slots=True)
class OpenedBatch:
    """A batch and whose it is."""

    owner: str | None
    opened: BatchOpened


class BatchMemory(Protocol):
    """The workers' memory of batches; a partition's part of it moves with the partition.

    What is kept is told at once, and acknowledged when `keep...` returns.
    """

    def batch(self, batch_id: str) -> OpenedBatch | None:
        """The batch, once it was opened."""

    async def keep_batch(self, batch_id: str, batch: OpenedBatch) -> None:
        """Remember a batch."""

    def outcome(self, batch_id: str, task_id: str) -> MemberOutcome | None:
        """How a member ended."""

    async def keep_outcome(self, batch_id: str, outcome: MemberOutcome) -> None:
        """Remember how a member ended."""

    def ended(self, batch_id: str) -> frozenset[str]:
        """The tasks of the members whose outcome is remembered."""

    async def acknowledged(self, batch_id: str) -> None:
        """Return once all that is remembered of a batch is acknowledged."""


@dataclass(frozen=True, slots=True)
class BatchLife:
    """Takes what is told of batches, for one worker.

    Attributes:
        gate: lets one through at a time, and none while partitions move.
    """

    memory: BatchMemory
    events: EventPublisher
    gate: ProcessorGate
    metrics: WorkerMetrics
    now: Callable[[], datetime]

    async def process(self, record: KafkaRecord) -> None:
        """Take one event to its end."""
        self.metrics.batch_events.labels(await self._process(record)).inc()

    async def _process(self, record: KafkaRecord) -> Taken:
        try:
            event = decode_batch_event(record)
        except UndecodableBatchEvent as error:
            log.warning(
                "skipped: %s, partition %s, offset %s: %s", record.topic, record.partition, record.offset, error
            )
            return "undecodable"
        async with self.gate.slot(priority=False):
            if isinstance(event.told, BatchOpened):
                return await self._open(event.batch_id, OpenedBatch(event.owner, event.told))
            return await self._take(event, event.told)

    async def _open(self, batch_id: str, batch: OpenedBatch) -> Taken:
        if self.memory.batch(batch_id) is not None:
            await self.memory.acknowledged(batch_id)
            return "repeated"
        await self.memory.keep_batch(batch_id, batch)
        return "opened"

    async def _take(self, event: BatchEvent, outcome: MemberOutcome) -> Taken:
        batch_id, batch = event.batch_id, self.memory.batch(event.batch_id)
        # An upstream's filing may claim to be of any batch.
        if batch is None or batch.owner != event.owner or outcome.member not in batch.opened.members:
            log.warning("skipped: task %s is no member of batch %s", outcome.member.task_id, batch_id)
            return "stranger"
        task_id = outcome.member.task_id
        is_new = self.memory.outcome(batch_id, task_id) is None
        if is_new:
            await self.memory.keep_outcome(batch_id, outcome)
        # And all others, which are counted below and by which a repeat is committed: their writers may not have waited.
        await self.memory.acknowledged(batch_id)
        ended = self.memory.ended(batch_id)
        # A repeat tells it again, too: the crash that it comes from may have been just before this.
        if _is_told(len(ended), of=len(batch.opened.members)):
            await self._tell(batch_id, batch, ended)
        return "outcome" if is_new else "repeated"

    async def _tell(self, batch_id: str, batch: OpenedBatch, ended: frozenset[str]) -> None:
        outcomes = {task_id: found for task_id in ended if (found := self.memory.outcome(batch_id, task_id))}
        status = status_of(batch_id, batch.opened, outcomes)
        event = batch_status(status, source=_SOURCE, time=self.now(), owner=batch.owner)
        await self.events.publish(BATCHES, batch_id, event)
        await announce(self.events, batch_ended(status, batch.owner), source=_SOURCE, time=self.now())


def _is_told(ended: int, *, of: int) -> bool:
    return ended == of or ended % max(1, of // _STATUSES) == 0

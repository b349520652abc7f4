"""The life of one cancellation in a worker; in the order that makes a crash harmless.

1. a task that has ended stays as it is; so does one of another owner;
2. the wish is remembered, and acknowledged, before the event ends: a crash does not forget it;
3. a filing that has the processor slot stops at its next step, and its own life (`filing_life`) writes the end;
   where it has begun to store, now or in a worker that died, it is too late: it goes on to its regular end;
4. any other waits, and is ended here: the status, then the end in the Table, each acknowledged. Its event is skipped
   when it comes, wherever it waits.
"""

import logging
from dataclasses import dataclass, replace
from typing import Literal

from schemas.tasks import WAITING
from streams.attempt_record import AttemptRecord
from streams.gate import ProcessorGate
from streams.in_hand import InHand
from streams.incoming import CancellationEvent, KafkaRecord, UndecodableCancellation, decode_cancellation
from streams.metrics import WorkerMetrics
from streams.outcomes import Outcomes
from streams.task_memory import TaskMemory
from transport.owner_signatures import OwnerSignatures

log = logging.getLogger(__name__)

Outcome = Literal["ended", "stopping", "too_late", "foreign", "unsigned", "undecodable"]


@dataclass(frozen=True, slots=True)
class CancellationLife:
    """Takes cancellations through their life, for one worker.

    Attributes:
        gate: lets one through at a time, and none while partitions move.
        in_hand: shared with the filings' life.
    """

    memory: TaskMemory
    outcomes: Outcomes
    gate: ProcessorGate
    in_hand: InHand
    metrics: WorkerMetrics
    signatures: OwnerSignatures

    async def process(self, record: KafkaRecord) -> None:
        """Take one event to its end."""
        self.metrics.cancellations.labels(await self._process(record)).inc()

    async def _process(self, record: KafkaRecord) -> Outcome:
        try:
            wish = decode_cancellation(record)
        except UndecodableCancellation as error:
            log.warning(
                "skipped: %s, partition %s, offset %s: %s", record.topic, record.partition, record.offset, error
            )
            return "undecodable"
        if not await self.signatures.vouch_for(record.headers, record.value):
            log.warning("skipped: a cancellation of task %s whose owner no gateway has signed", wish.task_id)
            return "unsigned"
        async with self.gate.slot(priority=False):
            return await self._cancel(wish)

    async def _cancel(self, wish: CancellationEvent) -> Outcome:
        known = self.memory.known(wish.task_id, wish.owner) or AttemptRecord(wish.owner)
        if known.owner != wish.owner:
            log.warning("skipped: a cancellation of task %s by another than its owner", wish.task_id)
            return "foreign"
        if known.ended:
            await self.memory.acknowledged(wish)
            return "too_late"
        in_work = self.in_hand.works_on(wish)
        if known.storing or in_work:
            if in_work and not known.storing:
                self.in_hand.stop_filing()
            # Also where it is too late: should the store be away, the filing is not tried again.
            await self.memory.ask_to_cancel(wish)
            return "too_late" if known.storing else "stopping"
        with self.in_hand.cancellation(wish):
            await self.memory.ask_to_cancel(wish)
            await self.outcomes.cancelled(replace(wish, attempt=known.attempt), None, WAITING)
            await self.memory.end(wish)
        self.metrics.finished.labels("CANCELLED").inc()
        return "ended"

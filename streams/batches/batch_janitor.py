"""The janitor of batches: deletes the statuses of those that ended longer ago than a result lives."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from schemas.topics import BATCHES
from streams.janitor import LOOK_SECONDS, StatusTopic, tombstone
from streams.lifetimes import Lifetimes
from streams.metrics import JanitorMetrics
from transport.publisher import EventPublisher


@dataclass(frozen=True, slots=True)
class BatchJanitor:
    """Cleans until it is stopped, as `Janitor` does for tasks.

    Attributes:
        lifetimes: its retention is that of what workers remember of batches, which no batch outlives.
    """

    topic: StatusTopic
    lifetimes: Lifetimes
    events: EventPublisher
    metrics: JanitorMetrics

    async def run(self, stop: asyncio.Event) -> None:
        """Delete what is due, until `stop` is set."""
        while not stop.is_set():
            for seen in await asyncio.to_thread(self.topic.read, LOOK_SECONDS):
                self.lifetimes.observe(seen)
            # As of then, not of now: of what came since, a batch's end may not have been read yet.
            if (known_until := self.topic.known_until) is not None:
                self._give_up(known_until)
                deleted = await tombstone(self.lifetimes, self.events, BATCHES, known_until)
                self.metrics.batches_tombstoned.inc(deleted)
                self.lifetimes.forget(known_until)

    def _give_up(self, known_until: datetime) -> None:
        """Have a batch end that workers have forgotten: it was not accepted, or not all of its members were told."""
        for seen in self.lifetimes.to_expire(known_until):
            self.lifetimes.expired(seen.task_id)

"""The janitor: deletes the records of tasks past their life, and ends those that nobody began in time."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import ValidationError

from schemas.batches import RiskDigest
from schemas.events import task_status
from schemas.tasks import TaskState, TaskStatus, expired
from schemas.topics import TASKS
from schemas.webhooks import task_ended
from streams.batches.announcement import tell_outcome
from streams.lifetimes import Lifetimes, StatusSeen
from streams.metrics import JanitorMetrics
from streams.webhooks.announcement import announce
from transport.publisher import EventPublisher

log = logging.getLogger(__name__)

_SOURCE = "/sigmak/janitor"
LOOK_SECONDS = 0.5
_AT_ONCE = 1000
"""Tombstones in flight at a time."""
_ALARM_SECONDS = 24 * 60 * 60.0


class StatusTopic(Protocol):
    """The records of the status topic, from its beginning."""

    def read(self, seconds: float) -> Sequence[StatusSeen]:
        """The next records, waiting up to `seconds` for the first."""

    @property
    def known_until(self) -> datetime | None:
        """The moment whose records, and all before, the last look completed; None where it completed none."""


@dataclass(frozen=True, slots=True)
class Janitor:
    """Cleans until it is stopped.

    All that it knows comes from the topic, so a new one knows what the last one knew; two at once do everything twice,
    which changes nothing.
    """

    topic: StatusTopic
    lifetimes: Lifetimes
    events: EventPublisher
    metrics: JanitorMetrics
    lane_retention: timedelta

    async def run(self, stop: asyncio.Event) -> None:
        """Delete and end what is due, until `stop` is set."""
        while not stop.is_set():
            for seen in await asyncio.to_thread(self.topic.read, LOOK_SECONDS):
                self.lifetimes.observe(seen)
            # As of then, not of now: of what came since, a task's end may not have been read yet.
            if (known_until := self.topic.known_until) is not None:
                await self._tombstone(known_until)
                await self._expire(known_until)
                self.lifetimes.forget(known_until)
            self.metrics.observe(self.lifetimes)

    def alarms(self) -> list[str]:
        """Why an operator must look; empty where all is well."""
        overdue = self.lifetimes.overdue()
        if overdue < _ALARM_SECONDS:
            return []
        return [f"tasks that should be deleted have been on {TASKS} for {timedelta(seconds=int(overdue))} too long"]

    async def _tombstone(self, known_until: datetime) -> None:
        self.metrics.tombstoned.inc(await tombstone(self.lifetimes, self.events, TASKS, known_until))

    async def _expire(self, known_until: datetime) -> None:
        for seen in self.lifetimes.to_expire(known_until):
            status = self._ended(seen)
            if status is not None:
                now = self.lifetimes.now()
                # Before the status: after it, another janitor would not come back to what this one left undone.
                await announce(self.events, task_ended(status, seen.owner), source=_SOURCE, time=now)
                await tell_outcome(self.events, status, RiskDigest(), source=_SOURCE, time=now, owner=seen.owner)
                event = task_status(status, source=_SOURCE, time=now, owner=seen.owner)
                await self.events.publish(TASKS, seen.task_id, event)
                self.metrics.expired.inc()
                log.warning("task %s expired: nobody began it within %s", seen.task_id, self.lane_retention)
            self.lifetimes.expired(seen.task_id)

    def _ended(self, seen: StatusSeen) -> TaskStatus | None:
        """The end of a task that expired; None where its last status is none that we can read: it is only deleted."""
        try:
            last = TaskStatus.model_validate_json(seen.body)
        except ValidationError:
            log.warning("the last status of task %s is unreadable; it will be deleted", seen.task_id)
            return None
        now: datetime = self.lifetimes.now()
        return last.model_copy(
            update={"status": TaskState.FAILURE, "error": expired(self.lane_retention), "due_at": None, "ended_at": now}
        )


async def tombstone(lifetimes: Lifetimes, events: EventPublisher, topic: str, known_until: datetime) -> int:
    """Delete what is past its life; returns how many."""
    due = lifetimes.to_tombstone(known_until)[:_AT_ONCE]
    await asyncio.gather(*(events.publish(topic, id_, None) for id_ in due))
    for id_ in due:
        lifetimes.tombstoned(id_)
    return len(due)

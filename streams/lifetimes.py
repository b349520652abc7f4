"""Which tasks are past their life: what the janitor knows of the status topic, and what it has to do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.tasks import StatusOrder
from schemas.topics import TOMBSTONE_LIFE

EXPIRY_MARGIN = timedelta(seconds=10)
"""Workers refuse an event as soon as it is past the retention; by then their statuses are on the topic, clocks of
machines being this far apart at most."""


@dataclass(frozen=True, slots=True)
class StatusSeen:
    """One record of the status topic.

    Attributes:
        order: None for a tombstone.
        appended_at: when the broker took it.
        owner: the API key that the task belongs to.
        body: the status itself; kept for tasks that have not ended only.
    """

    task_id: str
    order: StatusOrder | None
    appended_at: datetime
    owner: str | None = None
    body: bytes = b""


class Lifetimes:
    """Follows every task of the status topic from its first record to its tombstone.

    It holds tasks that have not ended, those that ended within a result's life, and for a day those that are gone:
    a zombie worker's late status would otherwise bring them back, and compaction would keep it for ever.

    What is due is told as of a moment up to which all records were observed. As of now, a task would expire whose end
    is on the topic and was not read yet, and one that is gone would be forgotten before a late status of it is read.

    Args:
        result_life: from a task's end to its tombstone.
        lane_retention: from a task's last status to its expiry, where it has not ended.
        now: the clock, in UTC.
    """

    def __init__(self, *, result_life: timedelta, lane_retention: timedelta, now: Callable[[], datetime]) -> None:
        self._result_life, self._lane_retention, self.now = result_life, lane_retention, now
        self._open: dict[str, StatusSeen] = {}
        self._ended: dict[str, datetime] = {}
        self._gone: dict[str, datetime] = {}
        self._come_back: set[str] = set()

    def observe(self, seen: StatusSeen) -> None:
        """Take in a record; records of one task in the order of the topic."""
        task_id = seen.task_id
        if seen.order is None:
            self._close(task_id, seen.appended_at)
        elif task_id in self._gone:
            self._come_back.add(task_id)
        elif seen.order.ended:
            self._open.pop(task_id, None)
            self._ended.setdefault(task_id, seen.appended_at)
        elif task_id not in self._ended:
            earlier = self._open.get(task_id)
            if earlier is None or seen.order.supersedes(earlier.order):
                self._open[task_id] = seen

    def to_tombstone(self, known_until: datetime) -> list[str]:
        """Tasks whose records are to be deleted: ended for longer than a result's life, or come back."""
        past = [task_id for task_id, ended_at in self._ended.items() if known_until - ended_at >= self._result_life]
        return past + [task_id for task_id in self._come_back if known_until - self._gone[task_id] < TOMBSTONE_LIFE]

    def tombstoned(self, task_id: str) -> None:
        """The tombstone of a task is on the broker."""
        self._close(task_id, self.now())

    def to_expire(self, known_until: datetime) -> list[StatusSeen]:
        """The last statuses of tasks that nobody began while their filing was kept."""
        latest = known_until - self._lane_retention - EXPIRY_MARGIN
        return [seen for seen in self._open.values() if seen.appended_at < latest]

    def expired(self, task_id: str) -> None:
        """The end of a task that expired is on the broker."""
        self._open.pop(task_id, None)
        self._ended.setdefault(task_id, self.now())

    def forget(self, known_until: datetime) -> None:
        """Drop what was gone for so long that compaction has removed its tombstone."""
        for task_id in [each for each, gone_at in self._gone.items() if known_until - gone_at >= TOMBSTONE_LIFE]:
            del self._gone[task_id]
            self._come_back.discard(task_id)

    def overdue(self) -> float:
        """Seconds since the oldest task that still has records was to be deleted; 0 where none is late."""
        oldest = min(self._ended.values(), default=None)
        return 0.0 if oldest is None else max(0.0, (self.now() - oldest - self._result_life).total_seconds())

    def count(self) -> dict[str, int]:
        """How many tasks are waiting or in work, ended, and gone."""
        return {"open": len(self._open), "ended": len(self._ended), "gone": len(self._gone)}

    def _close(self, task_id: str, gone_at: datetime) -> None:
        self._open.pop(task_id, None)
        self._ended.pop(task_id, None)
        self._come_back.discard(task_id)
        self._gone[task_id] = gone_at

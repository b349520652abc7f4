"""The workers' memory: a Faust Table, task id -> what is remembered of it. It moves with the partition."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta

import faust

from schemas.topics import ATTEMPTS_CHANGELOG
from streams.agents.acknowledged_table import AcknowledgedTable
from streams.task_memory import AttemptRecord


class AttemptsTable:
    """See the module. Both methods work only inside the iteration of a stream, as Faust's Tables do."""

    def __init__(self, app: faust.App, now: Callable[[], datetime], *, lane_retention: timedelta) -> None:
        self._now = now
        # Twice: a redriven task's id is as old as its dead letter, and its event is kept for as long again.
        self._forget_after = 2 * lane_retention
        self._table = AcknowledgedTable.of(app, "attempts", ATTEMPTS_CHANGELOG)

    def get(self, task_id: str) -> AttemptRecord | None:
        """What is remembered of a task."""
        value = self._table.get(task_id)
        return None if value is None else AttemptRecord(**value)

    async def put(self, task_id: str, record: AttemptRecord) -> None:
        """Remember it; returns once Kafka has acknowledged the record."""
        await self._table.keep(task_id, asdict(record))
        if record.ended:
            # None of these tasks can be delivered again.
            self._table.forget_older_than(self._now() - self._forget_after)

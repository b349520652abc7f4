"""The workers' memory of tasks in a Faust Table. It moves with the partition.

Its keys are a task's id and who wrote, one run of a worker's process: see `attempt_record` for why.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

import faust

from schemas.topics import ATTEMPTS_CHANGELOG
from streams.agents.acknowledged_table import AcknowledgedTable, remembered_for
from streams.attempt_record import AttemptRecord, part_of, together


class AttemptsTable:
    """See the module. All methods work only inside the iteration of a stream, as Faust's Tables do."""

    def __init__(self, app: faust.App, now: Callable[[], datetime], *, lane_retention: timedelta) -> None:
        self._now = now
        self._forget_after = remembered_for(lane_retention)
        self._table = AcknowledgedTable.of(app, "attempts", ATTEMPTS_CHANGELOG)
        self._writer = uuid.uuid4().hex[:12]

    def get(self, task_id: str) -> AttemptRecord | None:
        """What is remembered of a task."""
        return together(self._parts(self._table.keys_beginning(task_id)))

    async def put(self, task_id: str, record: AttemptRecord) -> None:
        """Remember it; returns once Kafka has acknowledged the record."""
        ours = f"{task_id}/{self._writer}"
        others = together(self._parts([key for key in self._table.keys_beginning(task_id) if key != ours]))
        await self._table.keep(ours, asdict(part_of(record, others)))
        if record.ended:
            # None of these tasks can be delivered again.
            self._table.forget_older_than(self._now() - self._forget_after)

    async def acknowledged(self, task_id: str) -> None:
        """Return once all that `get` tells of a task is on the broker."""
        await self._table.acknowledged(task_id)

    def _parts(self, keys: Sequence[str]) -> Sequence[AttemptRecord]:
        return [AttemptRecord(**self._table.known(key)) for key in keys]

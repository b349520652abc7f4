"""The workers' memory: a Faust Table, task id -> what is remembered of it. It moves with the partition."""

import itertools
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import faust
from faust.stores.rocksdb import Store
from faust.types.tuples import FutureMessage

from schemas.identifiers import task_created_at
from schemas.topics import ATTEMPTS_CHANGELOG
from streams.task_memory import AttemptRecord

_FORGOTTEN_AT_ONCE = 10
"""Old entries deleted with each ended filing: a Table has no timers, and one sweep of all would stall its partition."""


class _AcknowledgedTable(faust.Table[str, dict[str, Any]]):
    """A Table that tells when its last change is on the broker; Faust's own returns before that."""

    last_change: FutureMessage

    def send_changelog(self, *args: Any, **kwargs: Any) -> FutureMessage:
        self.last_change = super().send_changelog(*args, **kwargs)
        return self.last_change


class AttemptsTable:
    """See the module. Both methods work only inside the iteration of a stream, as Faust's Tables do."""

    def __init__(self, app: faust.App, now: Callable[[], datetime], *, lane_retention: timedelta) -> None:
        self._now = now
        # Twice: a redriven task's id is as old as its dead letter, and its event is kept for as long again.
        self._forget_after = 2 * lane_retention
        self._table = _AcknowledgedTable(
            app,
            name="attempts",
            key_type=str,
            changelog_topic=app.topic(ATTEMPTS_CHANGELOG, key_type=str, acks=False),
            beacon=app.tables.beacon,
        )
        app.tables.add(self._table)

    def get(self, task_id: str) -> AttemptRecord | None:
        """What is remembered of a task."""
        value = self._table.get(task_id)
        return None if value is None else AttemptRecord(**value)

    async def put(self, task_id: str, record: AttemptRecord) -> None:
        """Remember it; returns once Kafka has acknowledged the record."""
        self._table[task_id] = asdict(record)
        await self._table.last_change
        if record.ended:
            self._forget_old()

    def _forget_old(self) -> None:
        """Delete what is older than the lanes keep events: none of these tasks can be delivered again."""
        event = faust.current_event()
        assert event is not None
        store = self._table.data
        assert isinstance(store, Store)
        entries = store._db_for_partition(event.message.partition)
        now = self._now()
        # Ids begin with their time, so the oldest come first.
        for key in list(itertools.islice(entries.keys(), _FORGOTTEN_AT_ONCE)):
            task_id = _task_id(key)
            made = None if task_id is None else task_created_at(task_id)
            if task_id is None or made is None or now - made <= self._forget_after:
                return
            del self._table[task_id]


def _task_id(key: bytes) -> str | None:
    try:
        text = json.loads(key)
    except ValueError:  # Faust's own entry, the offset of the changelog
        return None
    return text if isinstance(text, str) else None

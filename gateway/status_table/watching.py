"""A task as it goes on: its newest status, then each change, up to its end."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

from gateway.materialised.subscriptions import Subscription, Subscriptions
from gateway.status_table.rows import EndedMarker, Row, StatusRow
from gateway.status_table.table import StatusTable


class TaskWatch:
    """One reader's view of a task that it may read."""

    def __init__(self, row: StatusRow, news: Subscription[Row]) -> None:
        self.row = row
        """The newest status that is known to this reader."""
        self._news = news

    async def next(self) -> StatusRow | None:
        """The next status, once there is one; None behind the task's end, or where the process ends before it."""
        while not self.row.order.ended:
            newer = await self._news.next()
            if newer is None or isinstance(newer, EndedMarker):
                return None
            if newer.order.supersedes(self.row.order):
                self.row = newer
                return newer
        return None

    async def end(self, seconds: float) -> StatusRow:
        """The status at the task's end, or the newest when so many seconds are over or the process ends."""
        try:
            async with asyncio.timeout(seconds):
                while await self.next() is not None:
                    pass
        except TimeoutError:
            pass
        return self.row


class TaskWatches:
    """Lets many readers watch tasks; those of one task share its status, which may have megabytes."""

    def __init__(self, table: StatusTable, news: Subscriptions[Row]) -> None:
        self._table, self._news = table, news
        self._shown: WeakValueDictionary[str, StatusRow] = WeakValueDictionary()

    @contextmanager
    def of(self, task_id: str) -> Iterator[TaskWatch | None]:
        """A watch of a task, for the time of the block; None where it has no status any more."""
        with self._news.of(task_id) as news:
            row = self._row(task_id)
            yield None if row is None else TaskWatch(row, news)

    def _row(self, task_id: str) -> StatusRow | None:
        head, shown = self._table.head(task_id), self._shown.get(task_id)
        if isinstance(head, StatusRow) and shown is not None and shown.order == head.order:
            return shown
        row = self._table.get(task_id)
        if not isinstance(row, StatusRow):
            return None
        self._shown[task_id] = row
        return row

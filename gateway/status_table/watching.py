"""A task as it goes on: its newest status, then each change, up to its end."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from gateway.materialised.subscriptions import Subscription, Subscriptions
from gateway.status_table.rows import EndedMarker, Row, StatusRow
from gateway.status_table.table import StatusTable


class TaskWatch:
    """One reader's view of a task that it may read.

    It holds no body: with hundreds of slow readers of results of megabytes, each would have one in memory.
    """

    def __init__(self, head: StatusRow, news: Subscription[Row], read: Callable[[], Row | None]) -> None:
        self.row = head
        """The newest status that is known to this reader, with the summary for its body."""
        self._news, self._read = news, read

    def body(self) -> bytes | None:
        """The status `row` in full, read now; None where it went meanwhile.

        It may come again: a table that was begun anew, or lost its last writes to a full disk, is filled again.
        """
        if not self.row.order.ended:
            return self.row.body
        found = self._read()
        return found.body if isinstance(found, StatusRow) and found.summary == self.row.summary else None

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
    """Lets readers watch tasks."""

    def __init__(self, table: StatusTable, news: Subscriptions[Row]) -> None:
        self._table, self._news = table, news

    @contextmanager
    def of(self, task_id: str) -> Iterator[TaskWatch | None]:
        """A watch of a task, for the time of the block; None where it has no status any more."""
        with self._news.of(task_id) as news:
            head = self._table.head(task_id)
            yield TaskWatch(head, news, partial(self._table.get, task_id)) if isinstance(head, StatusRow) else None

"""A batch as it goes on: how far it is each time that this changes, up to its end."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from gateway.batches.batch_rows import BatchRow, BatchTable
from gateway.batches.batch_view import Counts, Standing, counts_body, ended_standing, open_standing
from gateway.event_stream import Event
from gateway.materialised.subscriptions import Signal, Subscriptions
from gateway.status_table.rows import Row
from gateway.status_table.table import StatusTable

PAUSE_SECONDS = 0.5
"""Between two looks at a batch: each reads the rows of all its members, and of 500 some may move a hundred times a
second."""


class BatchEvents:
    """How far a batch is, then each time that its counts changed, but not more often than a reader needs; its end last.

    It is not told what changed, and looks for itself: however many members move, it holds nothing of them.

    Args:
        look: reads how far the batch is; None where it went.
        event: of what it saw.
        changes: tell when to look again.
        seen: the position that the reader saw last; only what is behind it is sent.
        pause: seconds between two looks.
    """

    def __init__(
        self,
        look: Callable[[], Standing | None],
        event: Callable[[Standing], Event],
        changes: Signal,
        *,
        seen: int | None,
        pause: float,
    ) -> None:
        self._look, self._event, self._changes, self._pause = look, event, changes, pause
        self._position = -1 if seen is None else seen
        self._counts: Counts | None = None
        self._has_news, self._is_over = True, False
        self._look_after = 0.0

    async def next(self) -> Event | None:
        """See `Events`."""
        loop = asyncio.get_running_loop()
        while not self._is_over and (self._has_news or await self._changes.next()):
            self._has_news = True
            await asyncio.sleep(self._look_after - loop.time())
            self._has_news, self._look_after = False, loop.time() + self._pause
            standing = self._look()
            if standing is None:
                return None
            self._is_over = standing.has_ended
            is_news = standing.has_ended or standing.counts != self._counts
            if is_news and standing.position > self._position:
                self._position, self._counts = standing.position, standing.counts
                return self._event(standing)
        return None


class BatchWatches:
    """Lets readers watch batches.

    Args:
        batches: the rows of batches, and `batch_news` what tells that one changed.
        tasks: the rows of their members, and `task_news` what tells that one changed.
    """

    def __init__(
        self,
        batches: BatchTable,
        tasks: StatusTable,
        *,
        batch_news: Subscriptions[None],
        task_news: Subscriptions[Row],
    ) -> None:
        self._batches, self._tasks = batches, tasks
        self._batch_news, self._task_news = batch_news, task_news

    def standing(self, row: BatchRow) -> Standing:
        """How far a batch is."""
        return self._standing(row, _open_members(row))

    @contextmanager
    def events(
        self, batch_id: str, row: BatchRow, *, seen: int | None, pause: float = PAUSE_SECONDS
    ) -> Iterator[BatchEvents]:
        """What is streamed of a batch to one reader, for the time of the block; the last arguments as `BatchEvents`."""
        task_ids, changes = _open_members(row), Signal()
        with self._batch_news.join(changes, [batch_id]), self._task_news.join(changes, task_ids):
            look, event = partial(self._look, batch_id, task_ids), partial(self._event, batch_id)
            yield BatchEvents(look, event, changes, seen=seen, pause=pause)

    async def end(self, batch_id: str, seconds: float) -> BatchRow | None:
        """The row of a batch at its end, or the newest when so many seconds are over or the process ends."""
        changes = Signal()
        with self._batch_news.join(changes, [batch_id]):
            row = self._batches.get(batch_id)
            try:
                async with asyncio.timeout(seconds):
                    while row is not None and row.ended_at is None and await changes.next():
                        row = self._batches.get(batch_id)
            except TimeoutError:
                pass
        return row

    def _look(self, batch_id: str, task_ids: Sequence[str]) -> Standing | None:
        row = self._batches.get(batch_id)
        return None if row is None else self._standing(row, task_ids)

    def _standing(self, row: BatchRow, task_ids: Sequence[str]) -> Standing:
        return ended_standing(row.ended) if row.ended_at else open_standing(row.ended, self._tasks.heads(task_ids))

    def _event(self, batch_id: str, standing: Standing) -> Event:
        id_ = str(standing.position)
        if standing.has_ended:
            return Event(id_, "ENDED", partial(self._view, batch_id))
        told = counts_body(batch_id, standing)
        return Event(id_, "OPEN", lambda: told)

    def _view(self, batch_id: str) -> bytes | None:
        row = self._batches.get(batch_id)
        # A table that was begun anew has the open batch first.
        return None if row is None or row.ended_at is None else row.body


def _open_members(row: BatchRow) -> Sequence[str]:
    """The tasks that tell more of a batch than its row."""
    return row.task_ids() if row.ended_at is None else ()


def position_of(event_id: str | None) -> int | None:
    """The position that an event's id tells; None for anything else, which a reader may send as well."""
    return int(event_id) if event_id and event_id.isascii() and event_id.isdecimal() and len(event_id) < 10 else None

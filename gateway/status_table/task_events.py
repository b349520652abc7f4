"""A task's changes as events."""

import functools
from collections.abc import Callable

from gateway.event_stream import Event
from gateway.status_table.rows import StatusRow
from gateway.status_table.watching import TaskWatch
from schemas.tasks import StatusOrder


class TaskEvents:
    """The newest status of a task, then each change, up to its end.

    Args:
        watch: of the task.
        shown: a row and its status -> the status as this reader may see it.
        seen: the status that the reader saw last, if any; it is not sent it again.
    """

    def __init__(
        self, watch: TaskWatch, shown: Callable[[StatusRow, bytes], bytes], *, seen: StatusOrder | None
    ) -> None:
        self._watch, self._shown, self._seen = watch, shown, seen
        self._is_first = True

    async def next(self) -> Event | None:
        """See `Events`."""
        while (row := await self._next_row()) is not None:
            if row.order.supersedes(self._seen):
                return Event(event_id(row.order), row.state, functools.partial(self._body, row))
        return None

    def _body(self, row: StatusRow) -> bytes | None:
        status = self._watch.body()
        return None if status is None else self._shown(row, status)

    async def _next_row(self) -> StatusRow | None:
        if self._is_first:
            self._is_first = False
            return self._watch.row
        return await self._watch.next()


def event_id(order: StatusOrder) -> str:
    """The id of an event."""
    return f"{order.attempt}.{order.step}"


def order_of(event_id: str | None) -> StatusOrder | None:
    """The inverse of `event_id`; None for anything else, which a reader may send as well."""
    attempt, _, step = (event_id or "").partition(".")
    if not (attempt.isdecimal() and step.isdecimal() and len(attempt) == len(step) == 1):
        return None
    return StatusOrder(int(attempt), int(step))

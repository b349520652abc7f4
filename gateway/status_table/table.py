"""What readers ask of the status table."""

import heapq
import itertools
from collections.abc import Sequence
from datetime import datetime

from gateway.materialised.database import Database, DatabaseClosed
from gateway.status_table import keys
from gateway.status_table.listing import Page, Wanted, page
from gateway.status_table.rows import Row, StatusRow, decode_row
from gateway.status_table.status_rows import counted
from schemas.identifiers import task_created_at
from schemas.tasks import TaskState


class StatusTable:
    """Answers from the rows that `StatusRows` makes, by local reads: each method may be called in the event loop.

    While the disk does not let the database be opened, the rows are none.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, task_id: str) -> Row | None:
        """The row of a task."""
        head, result = self._database.get_many([keys.head_key(task_id), keys.result_key(task_id)])
        return None if head is None else decode_row(head, result)

    def head(self, task_id: str) -> Row | None:
        """The row of a task with the summary for its body: quick, however large the result is."""
        head = self._database.get(keys.head_key(task_id))
        return None if head is None else decode_row(head, None)

    def heads(self, task_ids: Sequence[str]) -> list[StatusRow | None]:
        """The rows of tasks, in their order, as `head`; None for one without a status."""
        heads = self._database.get_many([keys.head_key(task_id) for task_id in task_ids])
        rows = [None if head is None else decode_row(head, None) for head in heads]
        return [row if isinstance(row, StatusRow) else None for row in rows]

    def shows(self, task_id: str) -> bool:
        """Whether there is anything of a task."""
        return self.head(task_id) is not None

    def waiting(self, owner: str) -> int:
        """How many of the owner's tasks have not ended."""
        return counted(self._database.get(keys.waiting_key(owner)))

    def task_ids_between(self, owner: str, first: datetime, last: datetime, limit: int) -> Sequence[str]:
        """Tasks of the owner that were made from `first` to `last` (UTC), the newest first, up to `limit`.

        A task is as old as its id says: one that was redriven, and so submitted again later, does not count anew.
        """
        # An id tells milliseconds.
        first = first.replace(microsecond=first.microsecond // 1000 * 1000)
        begin, end = keys.first_position(last), keys.behind(first)
        try:
            with self._database.view() as view:
                lists = [view.endings(keys.status_list(owner, state)).since(begin) for state in TaskState]
                positions = itertools.takewhile(lambda position: position < end, heapq.merge(*lists))
                task_ids = map(keys.task_at, positions)
                return [*itertools.islice((each for each in task_ids if _made_between(each, first, last)), limit)]
        except DatabaseClosed:
            return []

    def page(self, wanted: Wanted, *, start: bytes, limit: int, ended_after: datetime) -> Page:
        """The next tasks from a position on; those that ended before `ended_after` are past their life.

        Raises:
            DatabaseClosed: while the disk does not let the database be opened.
        """
        with self._database.view() as view:
            return page(
                view,
                wanted,
                start=start,
                limit=limit,
                kept=lambda row: row.ended_at is None or row.ended_at >= ended_after,
            )


def _made_between(task_id: str, first: datetime, last: datetime) -> bool:
    made = task_created_at(task_id)
    return made is not None and first <= made <= last

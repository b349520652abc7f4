"""What readers ask of the status table."""

import heapq
import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime

from gateway.materialised.database import Database, DatabaseClosed, View
from gateway.status_table import keys
from gateway.status_table.rows import Row, decode_row
from gateway.status_table.status_rows import counted
from schemas.identifiers import task_created_at
from schemas.tasks import TaskState

_AFTER_ANY_ID = b"\xff"


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

    def waiting(self, owner: str) -> int:
        """How many of the owner's tasks have not ended."""
        return counted(self._database.get(keys.waiting_key(owner)))

    def task_ids_since(self, owner: str, moment: datetime, limit: int) -> Sequence[str]:
        """Tasks of the owner that were made at `moment` (UTC) or later, the newest first, up to `limit`.

        A task is as old as its id says: one that was redriven, and so submitted again later, does not count anew.
        """
        # An id tells milliseconds.
        moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        end = keys.first_position(moment) + _AFTER_ANY_ID
        try:
            with self._database.view() as view:
                lists = [_positions(view, keys.status_list(owner, state), end) for state in TaskState]
                task_ids = map(keys.task_at, heapq.merge(*lists))
                return [*itertools.islice((each for each in task_ids if _made_since(each, moment)), limit)]
        except DatabaseClosed:
            return []


def _positions(view: View, list_: bytes, end: bytes) -> Iterator[bytes]:
    endings = view.endings(list_)
    position = endings.from_(b"")
    while position is not None and position < end:
        yield position
        position = endings.next()


def _made_since(task_id: str, moment: datetime) -> bool:
    made = task_created_at(task_id)
    return made is not None and made >= moment

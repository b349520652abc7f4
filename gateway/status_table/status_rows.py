"""How the records of the status topic become rows: each task's newest status, and the lists that it is found by."""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from gateway.materialised.records import Record, UnreadableRecord
from gateway.materialised.subscriptions import Subscriptions
from gateway.materialised.topic_rows import Changes, Held
from gateway.status_table import keys
from gateway.status_table.rows import EndedMarker, Row, StatusRow, decode_row, status_row
from schemas.envelope import OWNER_HEADER
from schemas.topics import TOMBSTONE_LIFE

_SWEPT_AT_ONCE = 50
_COUNT_BYTES = 8

Writes = dict[bytes, bytes | None]


class StatusRecord(NamedTuple):
    """One record of the status topic; `row` is None for a tombstone."""

    task_id: str
    row: StatusRow | None


class StatusRows:
    """The status topic's `TopicRows`; its news are the statuses and tombstones that were taken, by task id."""

    prefix: Final = keys.PREFIX
    version: Final = 3
    continued_for: Final = TOMBSTONE_LIFE - timedelta(hours=1)
    """After longer, tombstones may have passed the rows by."""

    def __init__(self, topic: str, news: Subscriptions[Row]) -> None:
        self.topic: Final = topic
        self._news = news

    def read(self, record: Record) -> StatusRecord:
        """See `TopicRows`."""
        try:
            task_id = record.key.decode("ascii")
        except UnicodeDecodeError as error:
            raise UnreadableRecord("its key is no task id") from error
        if record.value is None:
            return StatusRecord(task_id, None)
        owner = record.header(OWNER_HEADER)
        if owner is not None and "\0" in owner:
            raise UnreadableRecord("its owner is none that a key can have")
        return StatusRecord(task_id, status_row(record.value, owner))

    def fold(self, items: Sequence[StatusRecord], held: Held, now: datetime) -> Changes[Row]:
        """See `TopicRows`. Also deletes a few markers past their life: all at once would hold up statuses."""
        earlier = _heads(items, held)
        newest = dict(earlier)
        news: list[tuple[str, Row]] = []
        for task_id, status in items:
            row = _newer(newest[task_id], status, now)
            if row is not None:
                newest[task_id] = row
                news.append((task_id, row))
        changed = dict(news)
        writes = _swept(held, now)
        for task_id, row in changed.items():
            _change(writes, task_id, earlier[task_id], row)
        writes |= _counted(held, earlier, changed)
        return Changes(writes, news)

    def told(self, news: Sequence[tuple[str, Row]]) -> None:
        """See `TopicRows`."""
        # Without their bodies: who is told of a result, and reads slowly, would hold it in memory all the while.
        self._news.tell((task_id, _head(row)) for task_id, row in news if self._news.listened_to(task_id))


def _head(row: Row) -> Row:
    return row._replace(body=row.summary) if isinstance(row, StatusRow) else row


def _heads(items: Sequence[StatusRecord], held: Held) -> dict[str, Row | None]:
    task_ids = [*dict.fromkeys(item.task_id for item in items)]
    heads = held.get_many([keys.head_key(task_id) for task_id in task_ids]) if task_ids else []
    return {
        task_id: None if head is None else decode_row(head, None)
        for task_id, head in zip(task_ids, heads, strict=True)
    }  # fmt: skip


def _newer(earlier: Row | None, incoming: StatusRow | None, now: datetime) -> Row | None:
    """The row to keep instead of `earlier`, or None to leave it."""
    if incoming is None:
        return EndedMarker(now)
    if isinstance(earlier, EndedMarker):
        return incoming if now - earlier.tombstoned_at > TOMBSTONE_LIFE else None
    if earlier is None:
        return incoming
    # A status under another owner is somebody's attempt to write over a key's task.
    same_owner = incoming.owner == earlier.owner
    return incoming if same_owner and incoming.order.supersedes(earlier.order) else None


def _change(writes: Writes, task_id: str, earlier: Row | None, row: Row) -> None:
    """Add what makes the row of a task, and its places in lists, this one's."""
    if isinstance(earlier, StatusRow):
        for place in _places(task_id, earlier):
            writes[place] = None
    if isinstance(row, StatusRow):
        for place in _places(task_id, row):
            writes[place] = b""
        result = row.encode_result()
        if result is not None:
            writes[keys.result_key(task_id)] = result
    else:
        writes[keys.gone_key(row.tombstoned_at, task_id)] = b""
        writes[keys.result_key(task_id)] = None
    writes[keys.head_key(task_id)] = row.encode_head()


def _places(task_id: str, row: StatusRow) -> list[bytes]:
    position = keys.position(row.submitted_at, task_id)
    return [each + position for each in keys.lists_of(row.owner, row.state, row.ticker, row.labels)]


def _counted(held: Held, earlier: Mapping[str, Row | None], changed: Mapping[str, Row]) -> Writes:
    """The new numbers of waiting tasks; an owner's stays when it is 0, since it names the owner."""
    more: dict[bytes, int] = defaultdict(int)
    for task_id, row in changed.items():
        before = earlier[task_id]
        if isinstance(before, StatusRow):
            more[keys.waiting_key(before.owner)] -= not before.order.ended
        if isinstance(row, StatusRow):
            more[keys.waiting_key(row.owner)] += not row.order.ended
    counts = held.get_many([*more]) if more else []
    return {
        key: (counted(count) + step).to_bytes(_COUNT_BYTES)
        for (key, step), count in zip(more.items(), counts, strict=True)
    }  # fmt: skip


def counted(count: bytes | None) -> int:
    """The number that is kept under a `waiting_key`."""
    return 0 if count is None else int.from_bytes(count)


def _swept(held: Held, now: datetime) -> Writes:
    writes: Writes = {}
    past = held.keys(keys.GONE, keys.gone_key(now - TOMBSTONE_LIFE, ""))
    for key in itertools.islice(past, _SWEPT_AT_ONCE):
        writes[key] = None
        task_id = keys.gone_task(key)
        head = held.get(keys.head_key(task_id))
        row = None if head is None else decode_row(head, None)
        # A task that came back was marked again, later.
        if isinstance(row, EndedMarker) and keys.gone_key(row.tombstoned_at, task_id) == key:
            writes[keys.head_key(task_id)] = None
    return writes

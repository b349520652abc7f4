"""The topic of batches as rows on local disk: each batch's newest status."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import orjson
from pydantic import ValidationError

from gateway.batches.batch_view import Counts, ended_standing, view_body
from gateway.materialised.database import Database
from gateway.materialised.records import Record, UnreadableRecord, decoded
from gateway.materialised.subscriptions import Subscriptions
from gateway.materialised.topic_rows import Changes, Held
from schemas.batches import BatchHead
from schemas.envelope import OWNER_HEADER
from schemas.tasks import TaskState
from schemas.topics import TOMBSTONE_LIFE

_STATUS = b"batches/status/"


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch's newest status.

    Attributes:
        ended: state -> how many members ended in it, as workers told.
        ended_at: when the broker took its closing status; None before.
        body: the status event's data as it came; of a closing one, the answer to who asks for the batch.
    """

    owner: str | None
    ended: Counts
    ended_at: datetime | None
    body: bytes

    @property
    def ended_members(self) -> int:
        """Orders the statuses of a batch."""
        return sum(self.ended.values())

    def task_ids(self) -> list[str]:
        """The tasks of its members, in their order."""
        return [member["task_id"] for member in orjson.loads(self.body)["members"]]


class BatchRecord(NamedTuple):
    """One record of the topic; `row` is None for a tombstone."""

    batch_id: str
    row: BatchRow | None


class BatchRows:
    """The topic's `TopicRows`; its news are that a batch changed, by its id.

    Nothing stays of a batch behind its tombstone: what a zombie tells of it later is the same, and is deleted again.
    """

    prefix: Final = b"batches/"
    version: Final = 2
    continued_for: Final = TOMBSTONE_LIFE - timedelta(hours=1)
    """After longer, tombstones may have passed the rows by."""

    def __init__(self, topic: str, news: Subscriptions[None]) -> None:
        self.topic: Final = topic
        self._news = news

    def read(self, record: Record) -> BatchRecord:
        """See `TopicRows`."""
        batch_id = decoded(record.key)
        if record.value is None:
            return BatchRecord(batch_id, None)
        try:
            return BatchRecord(batch_id, _row(record, record.value))
        except (ValidationError, KeyError) as error:
            raise UnreadableRecord("not the status of a batch") from error

    def fold(self, items: Sequence[BatchRecord], held: Held, now: datetime) -> Changes[None]:  # noqa: ARG002, `TopicRows`
        """See `TopicRows`."""
        ids = [*dict.fromkeys(item.batch_id for item in items)]
        earlier = dict(zip(ids, map(_decoded, held.get_many([_key(id_) for id_ in ids]) if ids else []), strict=True))
        newest = dict(earlier)
        for batch_id, row in items:
            newest[batch_id] = _newer(newest[batch_id], row)
        changed = {batch_id: row for batch_id, row in newest.items() if row is not earlier[batch_id]}
        writes = {_key(batch_id): None if row is None else _encoded(row) for batch_id, row in changed.items()}
        return Changes(writes, [(batch_id, None) for batch_id in changed])

    def told(self, news: Sequence[tuple[str, None]]) -> None:
        """See `TopicRows`."""
        self._news.tell(news)


class BatchTable:
    """What readers ask of the rows, by local reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, batch_id: str) -> BatchRow | None:
        """The row of a batch."""
        return _decoded(self._database.get(_key(batch_id)))


def _row(record: Record, value: bytes) -> BatchRow:
    head, owner = BatchHead.model_validate_json(value), record.header(OWNER_HEADER)
    if head.status == "OPEN":
        return BatchRow(owner, head.ended, None, value)
    appended_at = datetime.fromtimestamp(record.appended_at / 1000, tz=UTC)
    # Once, and here: it may have megabytes, and the event loop would stand still for each who asks.
    return BatchRow(owner, head.ended, appended_at, view_body(value, ended_standing(head.ended)))


def _newer(earlier: BatchRow | None, incoming: BatchRow | None) -> BatchRow | None:
    if earlier is None or incoming is None:
        return incoming
    # A status under another owner is somebody's attempt to write over a key's batch.
    if incoming.owner != earlier.owner or incoming.ended_members <= earlier.ended_members:
        return earlier
    return incoming


def _key(batch_id: str) -> bytes:
    return _STATUS + batch_id.encode()


def _encoded(row: BatchRow) -> bytes:
    return orjson.dumps([row.owner, row.ended, row.ended_at], option=orjson.OPT_NON_STR_KEYS) + b"\n" + row.body


def _decoded(value: bytes | None) -> BatchRow | None:
    if value is None:
        return None
    line, _, body = value.partition(b"\n")
    owner, ended, ended_at = orjson.loads(line)
    counts = {TaskState(state): number for state, number in ended.items()}
    return BatchRow(owner, counts, None if ended_at is None else datetime.fromisoformat(ended_at), body)

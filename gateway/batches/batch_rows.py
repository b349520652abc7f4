"""The topic of batches as rows on local disk: each batch's newest status."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import orjson
from pydantic import ValidationError

from gateway.materialised.database import Database
from gateway.materialised.records import Record, UnreadableRecord, decoded
from gateway.materialised.topic_rows import Changes, Held
from schemas.batches import BatchHead
from schemas.envelope import OWNER_HEADER
from schemas.topics import TOMBSTONE_LIFE

_STATUS = b"batches/status/"


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch's newest status.

    Attributes:
        ended_members: orders the statuses of a batch.
        ended_at: when the broker took its closing status; None before.
        body: the status event's data as it came.
    """

    owner: str | None
    ended_members: int
    ended_at: datetime | None
    body: bytes


class BatchRecord(NamedTuple):
    """One record of the topic; `row` is None for a tombstone."""

    batch_id: str
    row: BatchRow | None


class BatchRows:
    """The topic's `TopicRows`; it has no news.

    Nothing stays of a batch behind its tombstone: what a zombie tells of it later is the same, and is deleted again.
    """

    prefix: Final = b"batches/"
    version: Final = 1
    continued_for: Final = TOMBSTONE_LIFE - timedelta(hours=1)
    """After longer, tombstones may have passed the rows by."""

    def __init__(self, topic: str) -> None:
        self.topic: Final = topic

    def read(self, record: Record) -> BatchRecord:
        """See `TopicRows`."""
        batch_id = decoded(record.key)
        if record.value is None:
            return BatchRecord(batch_id, None)
        try:
            head = BatchHead.model_validate_json(record.value)
        except ValidationError as error:
            raise UnreadableRecord("not the status of a batch") from error
        appended_at = datetime.fromtimestamp(record.appended_at / 1000, tz=UTC)
        ended_at = appended_at if head.status == "ENDED" else None
        return BatchRecord(batch_id, BatchRow(record.header(OWNER_HEADER), head.ended_members, ended_at, record.value))

    def fold(self, items: Sequence[BatchRecord], held: Held, now: datetime) -> Changes[None]:  # noqa: ARG002, `TopicRows`
        """See `TopicRows`."""
        ids = [*dict.fromkeys(item.batch_id for item in items)]
        earlier = dict(zip(ids, map(_decoded, held.get_many([_key(id_) for id_ in ids]) if ids else []), strict=True))
        newest = dict(earlier)
        for batch_id, row in items:
            newest[batch_id] = _newer(newest[batch_id], row)
        changed = {batch_id: row for batch_id, row in newest.items() if row is not earlier[batch_id]}
        return Changes({_key(batch_id): None if row is None else _encoded(row) for batch_id, row in changed.items()})

    def told(self, news: Sequence[tuple[str, None]]) -> None:
        """See `TopicRows`."""


class BatchTable:
    """What readers ask of the rows, by local reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, batch_id: str) -> BatchRow | None:
        """The row of a batch."""
        return _decoded(self._database.get(_key(batch_id)))


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
    return orjson.dumps([row.owner, row.ended_members, row.ended_at]) + b"\n" + row.body


def _decoded(value: bytes | None) -> BatchRow | None:
    if value is None:
        return None
    line, _, body = value.partition(b"\n")
    owner, ended_members, ended_at = orjson.loads(line)
    return BatchRow(owner, ended_members, None if ended_at is None else datetime.fromisoformat(ended_at), body)

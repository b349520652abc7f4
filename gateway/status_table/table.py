"""The table on disk: rows by task id, and in the same write the offsets up to which the topic is in them."""

import errno
import itertools
import logging
import shutil
import tempfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import orjson
from rocksdict import BlockBasedOptions, Options, Rdict, WriteBatch

from gateway.status_table.rows import EndedMarker, Row, StatusRow, decode_row
from schemas.topics import TOMBSTONE_LIFE

log = logging.getLogger(__name__)

_ROW = b"row:"
_SOURCE = b"source"
_GONE = b"gone:"
"""Index of the markers of tasks that are gone, by time."""
_TIME_BYTES = 8
_SWEPT_AT_ONCE = 50
_FIRST_KEY, _AFTER_LAST_KEY = b"", b"\xff"
_WRITE_BUFFER_BYTES = 16 * 1024 * 1024
"""RocksDB's default of 64 MiB, of which it keeps two, is half of what a gateway may use."""
_ROOM_BYTES = 2 * _WRITE_BUFFER_BYTES
"""What a table that is opened anew may write at once."""
_PROBE_BYTES = 1024 * 1024
_FILTER_BITS_A_KEY = 10
"""Bloom filters: most reads are of tasks that are new, and without them each would search every file on disk."""


@dataclass(frozen=True, slots=True)
class Source:
    """Which topic the rows come from, and how far they go."""

    cluster_id: str
    topic_id: str
    offsets: Mapping[int, int]
    """Partition -> offset of the next record to read."""
    written_at: datetime

    def encode(self) -> bytes:
        """The source as JSON."""
        offsets = {str(partition): offset for partition, offset in self.offsets.items()}
        return orjson.dumps([self.cluster_id, self.topic_id, offsets, self.written_at])

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """The inverse of `encode`."""
        cluster_id, topic_id, offsets, written_at = orjson.loads(raw)
        return cls(cluster_id, topic_id, {int(p): o for p, o in offsets.items()}, datetime.fromisoformat(written_at))


@dataclass(frozen=True, slots=True)
class StatusRecord:
    """One record of the status topic; `row` is None for a tombstone."""

    task_id: str
    row: StatusRow | None


class StatusTable:
    """Rows by task id in RocksDB. One writer (the follower's thread), any number of readers.

    On a disk that is full or can't be written to it begins closed, without a row, until `mend` could open it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._options = folder, _options()
        # Held while the table is opened anew, which closes it for a moment.
        self._opening = threading.Lock()
        self._db: Rdict | None = None
        self._takes_writes = False
        try:
            self._open()
        except OSError as error:
            log.warning("the status table in %s can't be opened yet: %s", folder, error)

    @property
    def takes_writes(self) -> bool:
        """False where `mend` is to be called first."""
        return self._takes_writes

    def source(self) -> Source | None:
        """Where the rows come from; None for an empty table."""
        raw = self._opened.get(_SOURCE)
        return None if raw is None else Source.decode(raw)

    def get(self, task_id: str) -> Row | None:
        """The row of a task, one local read; None also while the table is closed."""
        with self._opening:
            raw = None if self._db is None else self._db.get(_ROW + task_id.encode())
        return None if raw is None else decode_row(raw)

    def apply(self, records: Iterable[StatusRecord], source: Source) -> None:
        """Take records in their order, and the offsets behind them, in one atomic write."""
        changed: dict[str, Row] = {}
        for record in records:
            earlier = changed.get(record.task_id) or self.get(record.task_id)
            row = _newer(earlier, record.row, source.written_at)
            if row is not None:
                changed[record.task_id] = row
        batch = WriteBatch(raw_mode=True)
        self._sweep(batch, source.written_at)
        for task_id, row in changed.items():
            batch.put(_ROW + task_id.encode(), row.encode())
            if isinstance(row, EndedMarker):
                batch.put(_gone_key(row.tombstoned_at, task_id), b"")
        batch.put(_SOURCE, source.encode())
        self._write(batch)

    def _sweep(self, batch: WriteBatch, now: datetime) -> None:
        """Delete a few markers past their life with each write: all at once would hold up the statuses behind them."""
        for key in itertools.islice(self._opened.keys(from_key=_GONE), _SWEPT_AT_ONCE):
            if not isinstance(key, bytes) or not key.startswith(_GONE) or key >= _gone_key(now - TOMBSTONE_LIFE, ""):
                return
            batch.delete(key)
            task_id = key[len(_GONE) + _TIME_BYTES :].decode()
            row = self.get(task_id)
            # A task that came back was marked again, later.
            if isinstance(row, EndedMarker) and _gone_key(row.tombstoned_at, task_id) == key:
                batch.delete(_ROW + key[len(_GONE) + _TIME_BYTES :])

    def clear(self) -> None:
        """Forget everything: the rows belong to another topic, or are too old."""
        batch = WriteBatch(raw_mode=True)
        batch.delete_range(_FIRST_KEY, _AFTER_LAST_KEY)
        self._write(batch)

    def mend(self) -> None:
        """After a write that failed, or on a disk that let it not be opened, be able to write; else does nothing.

        RocksDB takes no write after one that failed, also when the disk has room again, until it is opened anew.

        Raises:
            OSError: while the disk is full, or can't be written to; what an open table holds can still be read.
        """
        if self._takes_writes:
            return
        _check_room(self._folder)
        with self._opening:
            self.close()
            self._open()
        log.info("the status table in %s takes writes again", self._folder)

    def close(self) -> None:
        """Flush and close; the folder may then be opened again."""
        closed, self._db = self._db, None
        if closed is None:
            return
        try:
            closed.close()
        except Exception as error:
            # After a write that failed it tells so once more, and is closed none the less.
            if self._takes_writes:
                raise
            log.info("the status table in %s was closed after a failed write: %s", self._folder, error)

    def _open(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._db = Rdict(str(self._folder), self._options)
        except Exception as error:  # noqa: BLE001, rocksdict has no narrower one
            # A full disk did no damage: an intact table would be deleted.
            _check_room(self._folder)
            # A damaged table is rebuilt from the topic. RocksDB refuses to destroy one that is in use, and deletes
            # its own files only, should the folder hold anything else.
            Rdict.destroy(str(self._folder), self._options)
            log.warning("the status table in %s was damaged and is begun anew: %s", self._folder, error)
            self._db = Rdict(str(self._folder), self._options)
        self._takes_writes = True

    @property
    def _opened(self) -> Rdict:
        if self._db is None:
            raise OSError(errno.EBADF, "the status table is closed", str(self._folder))
        return self._db

    def _write(self, batch: WriteBatch) -> None:
        try:
            self._opened.write(batch)
        except Exception:
            self._takes_writes = False
            raise


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(create_if_missing=True)
    options.set_write_buffer_size(_WRITE_BUFFER_BYTES)
    files = BlockBasedOptions()
    files.set_bloom_filter(_FILTER_BITS_A_KEY, block_based=False)
    options.set_block_based_table_factory(files)
    return options


def _check_room(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < _ROOM_BYTES:
        raise OSError(errno.ENOSPC, f"less than {_ROOM_BYTES} bytes are free for the status table", str(folder))
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(bytes(_PROBE_BYTES))
        probe.flush()


def must_rebuild(source: Source | None, *, cluster_id: str, topic_id: str, now: datetime) -> str | None:
    """Why stored rows can't be continued from the topic as it is now, or None where they can."""
    if source is None:
        return None
    if source.cluster_id != cluster_id:
        return "it was made from another Kafka cluster"
    if source.topic_id != topic_id:
        return "the status topic was deleted and made anew"
    if now - source.written_at > TOMBSTONE_LIFE - timedelta(hours=1):
        return "it is so old that tombstones may have passed it by"
    return None


def _gone_key(tombstoned_at: datetime, task_id: str) -> bytes:
    """Sorts by the time of the tombstone, so that the oldest markers are found first."""
    return _GONE + int(tombstoned_at.timestamp() * 1000).to_bytes(_TIME_BYTES) + task_id.encode()


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

"""A Faust Table that tells when a change is on the broker, keeps none on its disk before, and forgets what is old."""

import asyncio
import functools
import itertools
import json
from datetime import datetime, timedelta
from typing import Any

import faust
from faust.stores.rocksdb import Store
from faust.types.tuples import FutureMessage

from schemas.identifiers import task_created_at

_FORGOTTEN_AT_ONCE = 10
"""A Table has no timers, and one sweep of all would stall its partition."""
_ID_LENGTH = 36
_LATE = timedelta(hours=1)
"""How late what is told of an expired filing may be taken: with a retention of seconds, in tests, a batch was forgotten
as it was opened."""


def remembered_for(lane_retention: timedelta) -> timedelta:
    """How long a task or a batch is remembered after its id was made.

    Twice as long as filings are kept: an outcome may come when its filing has waited for that long, and is kept as long
    itself; so is the event of a redriven task, whose id is as old as its dead letter.
    """
    return 2 * lane_retention + _LATE


class NotOnDisk(Exception):
    """The disk did not take a change that Kafka has, so the Table may tell what is old. A restart reads it again."""


class AcknowledgedTable(faust.Table[str, Any]):
    """Keys begin with a UUIDv7. All methods work only inside the iteration of a stream, as Faust's Tables do.

    Faust writes a change to the disk as it sends its record. Where the worker died before that was on the broker, the
    next run of it knew what nobody else ever would: an outcome of a batch was taken for one that is remembered, and its
    event committed. So a change is in memory until it is acknowledged, and goes to the disk then.

    Once the disk has refused a change all methods that tell or keep one raise NotOnDisk. RocksDB takes nothing until it
    is opened anew, also where the disk has room again: what was kept would be forgotten, and its events committed.
    """

    last_change: FutureMessage

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._under_way: dict[tuple[int, str], tuple[FutureMessage, Any]] = {}
        """Partition and key -> the newest record that is not acknowledged yet, and its value."""
        self._refused: Exception | None = None

    @classmethod
    def of(cls, app: faust.App, name: str, changelog: str) -> "AcknowledgedTable":
        """A Table of the app, with its changelog on a topic of the catalogue."""
        topic = app.topic(changelog, key_type=str, acks=False)
        table = cls(app, name=name, key_type=str, changelog_topic=topic, beacon=app.tables.beacon)
        app.tables.add(table)
        return table

    async def keep(self, key: str, value: Any) -> None:
        """Set a value, which `known` tells at once; returns once Kafka and the disk have it."""
        self._check_disk()
        self.on_key_set(key, value)
        where, sent = (_partition(), key), self.last_change
        self._under_way[where] = sent, value
        sent.add_done_callback(functools.partial(self._arrived, where))
        # Shielded: who waits may be cancelled by a rebalance. The record is under way all the same.
        await asyncio.shield(sent)
        self._check_disk()

    async def acknowledged(self, beginning: str) -> None:
        """Return once all that is known under keys of this event's partition that begin with a text is on the broker.

        Raises:
            Exception: the producer's, where a record can't be had there.
        """
        await asyncio.gather(*(asyncio.shield(sent) for sent, _ in self._under_way_of(beginning).values()))
        self._check_disk()

    def known(self, key: str) -> Any:
        """The value of a key; None where it has none."""
        self._check_disk()
        under_way = self._under_way.get((_partition(), key))
        return self.get(key) if under_way is None else under_way[1]

    def keys_beginning(self, text: str) -> list[str]:
        """The keys of this event's partition that begin with a text, in order."""
        self._check_disk()
        beginning = json.dumps(text)[:-1].encode()
        found = itertools.takewhile(lambda raw: raw.startswith(beginning), self._entries().keys(from_key=beginning))
        return sorted({*map(json.loads, found), *self._under_way_of(text)})

    async def settle(self, *, within: float) -> None:
        """Return when all records are acknowledged, or so many seconds are over."""
        if self._under_way:
            await asyncio.wait([sent for sent, _ in self._under_way.values()], timeout=within)

    def forget_older_than(self, moment: datetime) -> None:
        """Delete a few entries of this event's partition whose id was made before."""
        entries = self._entries()
        # Ids begin with their time, so the oldest come first.
        for raw in list(itertools.islice(entries.keys(), _FORGOTTEN_AT_ONCE)):
            key = _key(raw)
            made = None if key is None else task_created_at(key[:_ID_LENGTH])
            if key is None or made is None or made >= moment:
                return
            del self[key]

    def _entries(self) -> Any:
        """RocksDB's, of this event's partition."""
        return self._rocksdb._db_for_partition(_partition())

    @property
    def _rocksdb(self) -> Store:
        store = self.data
        assert isinstance(store, Store)
        return store

    def send_changelog(self, *args: Any, **kwargs: Any) -> FutureMessage:
        """Note the record's future, too."""
        self.last_change = super().send_changelog(*args, **kwargs)
        return self.last_change

    def _under_way_of(self, beginning: str) -> dict[str, tuple[FutureMessage, Any]]:
        here = _partition()
        return {
            key: record
            for (partition, key), record in self._under_way.items()
            if partition == here and key.startswith(beginning)
        }

    def _arrived(self, where: tuple[int, str], sent: FutureMessage) -> None:
        if self._under_way.get(where, (None,))[0] is sent:
            del self._under_way[where]

    def _on_changelog_sent(self, fut: FutureMessage) -> None:
        """Write it to the disk, and note up to which offset that has its changelog.

        Faust notes the offset of any record of ours. One that was under way when its partition went to another worker
        comes behind that one's records: where the partition came back, they were never read.
        """
        sent, message = fut.result(), fut.message
        partition = sent.topic_partition.partition
        entries = self._rocksdb._dbs.get(partition)
        if entries is None:
            return  # It moved to another worker. When it comes back, the record is read.
        try:
            # Before the offset is noted: a crash between the two would lose it.
            if message.value is not None:
                entries.put(message.key, message.value)
            known = self._rocksdb.persisted_offset(sent.topic_partition)
            if sent.offset == (0 if known is None else known + 1):
                super()._on_changelog_sent(fut)
        except Exception as error:  # noqa: BLE001, rocksdict has no narrower one
            # Nobody hears what a callback of the producer raises; the next who asks the Table does.
            self._refused = error

    def _check_disk(self) -> None:
        if self._refused is not None:
            raise NotOnDisk("the disk of the worker's folder did not take a change") from self._refused


def _partition() -> int:
    """This event's."""
    event = faust.current_event()
    assert event is not None
    partition: int = event.message.partition
    return partition


def _key(raw: bytes) -> str | None:
    try:
        text = json.loads(raw)
    except ValueError:  # Faust's own entry, the offset of the changelog
        return None
    return text if isinstance(text, str) else None

"""A Faust Table that tells when a change is on the broker, and forgets what is old."""

import itertools
import json
from datetime import datetime
from typing import Any

import faust
from faust.stores.rocksdb import Store
from faust.types.tuples import FutureMessage

from schemas.identifiers import task_created_at

_FORGOTTEN_AT_ONCE = 10
"""A Table has no timers, and one sweep of all would stall its partition."""
_ID_LENGTH = 36


class AcknowledgedTable(faust.Table[str, Any]):
    """Keys begin with a UUIDv7. All methods work only inside the iteration of a stream, as Faust's Tables do."""

    last_change: FutureMessage

    @classmethod
    def of(cls, app: faust.App, name: str, changelog: str) -> "AcknowledgedTable":
        """A Table of the app, with its changelog on a topic of the catalogue."""
        topic = app.topic(changelog, key_type=str, acks=False)
        table = cls(app, name=name, key_type=str, changelog_topic=topic, beacon=app.tables.beacon)
        app.tables.add(table)
        return table

    async def keep(self, key: str, value: Any) -> None:
        """Set a value; returns once Kafka has acknowledged the record. Faust's own way returns before that."""
        self[key] = value
        await self.last_change

    def keys_beginning(self, text: str) -> list[str]:
        """The keys of this event's partition that begin with a text, in order."""
        beginning = json.dumps(text)[:-1].encode()
        found = itertools.takewhile(lambda raw: raw.startswith(beginning), self._entries().keys(from_key=beginning))
        return [json.loads(raw) for raw in found]

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
        event = faust.current_event()
        assert event is not None
        store = self.data
        assert isinstance(store, Store)
        return store._db_for_partition(event.message.partition)

    def send_changelog(self, *args: Any, **kwargs: Any) -> FutureMessage:
        """Note the record's future, too."""
        self.last_change = super().send_changelog(*args, **kwargs)
        return self.last_change

    def _on_changelog_sent(self, fut: FutureMessage) -> None:
        """Note up to which offset the store has its changelog: a record of ours tells only where it is the next one.

        Faust takes the offset of any. A record that was under way when its partition went to another worker comes
        behind that one's records: where the partition came back, they were never read.
        """
        sent = fut.result()
        known = self.data.persisted_offset(sent.topic_partition)
        if sent.offset == (0 if known is None else known + 1):
            super()._on_changelog_sent(fut)


def _key(raw: bytes) -> str | None:
    try:
        text = json.loads(raw)
    except ValueError:  # Faust's own entry, the offset of the changelog
        return None
    return text if isinstance(text, str) else None

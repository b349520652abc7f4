"""Keeps the rows of several topics at the topics' ends: one thread, one consumer that has no group, one database."""

import asyncio
import functools
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, TopicCollection
from confluent_kafka.admin import AdminClient

from gateway.materialised.consumer import TopicsConsumer
from gateway.materialised.database import Database
from gateway.materialised.end_offsets import EndOffsets, EndOffsetsClient, Offsets
from gateway.materialised.positions import Positions
from gateway.materialised.records import Record, UnreadableRecord, record_of, where
from gateway.materialised.sources import Source, must_rebuild, source_key
from gateway.materialised.topic_rows import TopicRows
from transport.connection import KafkaConnection

log = logging.getLogger(__name__)

_IDENTITY_CHECK_SECONDS = 5.0
_RETRY_SECONDS = 1.0
_REQUEST_SECONDS = 3.0
_LOST = (KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION, KafkaError.UNKNOWN_TOPIC_OR_PART)
"""Errors that do not pass by waiting; all others are librdkafka telling that it tries again."""
_GONE = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)

AnyRows = TopicRows[Any, Any]


class TableBehind(Exception):
    """The rows of a topic could not be brought up to its end in time."""


class _Rebuild(Exception):
    """The rows of a topic can't be continued; the text says why."""

    def __init__(self, topic: "_Topic", reason: str) -> None:
        super().__init__(reason)
        self.topic = topic


class _Topic:
    """One topic that is followed."""

    def __init__(self, rows: AnyRows, ends: EndOffsets) -> None:
        self.rows, self.ends = rows, ends
        self.positions = Positions()
        self.identity: tuple[str, str] = ("", "")


class TopicsFollower:
    """Follows topics into a database, and tells how far it is.

    Args:
        database: written by this follower's thread only.
        rows: one a topic.
        partitions: how many each topic has.
        now: the clock, in UTC.
    """

    def __init__(
        self,
        database: Database,
        rows: Sequence[AnyRows],
        *,
        connection: KafkaConnection,
        partitions: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database, self._partitions, self._now = database, partitions, now
        self._admin = AdminClient({**connection.client_settings(), "log_level": 2})
        self._ends = EndOffsetsClient(connection, timeout=_REQUEST_SECONDS)
        self._topics = {
            each.topic: _Topic(each, EndOffsets(functools.partial(self._ends.ends, each.topic, partitions)))
            for each in rows
        }
        self._consumer = TopicsConsumer(connection)
        self._stopping = threading.Event()
        self._fault: str | None = "the status topic was not reached yet"
        self._has_caught_up = False
        self._thread = threading.Thread(target=self._run, name="status-table", daemon=True)

    def start(self) -> None:
        """Start following."""
        self._thread.start()

    def stop(self) -> None:
        """Stop following; the database may be closed after this."""
        self._stopping.set()
        self._thread.join()
        self._consumer.close()
        for topic in self._topics.values():
            topic.ends.close()
        self._ends.close()

    def fault(self) -> str | None:
        """Why the rows can't answer yet, for a person; None once they reached the ends that the topics had at first."""
        return self._fault

    @property
    def has_caught_up(self) -> bool:
        """Whether the rows were at the topics' ends since they were last opened, or begun anew.

        Until then a row may be older than what was read of it before: a crash loses the last writes, and a topic tells
        its old records first.
        """
        return self._has_caught_up

    def lag(self) -> int:
        """How many records of the topics the rows lack, as far as the consumer has heard."""
        return sum(
            max(0, self._consumer.heard_end(name, partition) - position)
            for name, topic in self._topics.items()
            for partition, position in self._all_partitions(topic.positions.now()).items()
        )

    def _all_partitions(self, offsets: Mapping[int, int]) -> Offsets:
        return {partition: offsets.get(partition, 0) for partition in range(self._partitions)}

    async def catch_up(self, topic: str) -> None:
        """Return once the rows hold all that the topic held when this was called.

        Raises:
            TableBehind: where Kafka does not tell its end, or the rows do not get there.
        """
        followed = self._topics[topic]
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                await followed.positions.reach(await followed.ends.after_now())
        except (TimeoutError, KafkaException) as error:
            raise TableBehind("the status table could not be brought up to date with Kafka") from error

    # From here on everything runs in the follower's thread.

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._mend()
                self._follow_or_clear()
            except Exception as error:
                # Kafka away, or the disk full: the reason is shown by /ready, and nothing is skipped on the next try.
                log.warning("the status table does not follow its topic: %s", error)
                self._fault = f"the status table does not follow its topic: {error}"
                self._ends.discard_events()
                self._stopping.wait(_RETRY_SECONDS)

    def _mend(self) -> None:
        if not self._database.takes_writes:
            # As long as it does not, what is there can be read; it is all that there will be.
            self._database.check_disk()
            # It may be begun anew: a reader would take the empty table for one that holds all.
            self._has_caught_up = False
            for topic in self._topics.values():
                topic.positions.move({})
            self._database.mend()

    def _follow_or_clear(self) -> None:
        try:
            self._follow()
        except _Rebuild as reason:
            rows = reason.topic.rows
            log.warning("rebuilding the status table's rows of %s: %s", rows.topic, reason)
            self._fault = f"the status table's rows of {rows.topic} are rebuilt: {reason}"
            # Before the rows go: a reader would take the emptied table for one that holds all.
            self._has_caught_up = False
            reason.topic.positions.move({})
            self._database.clear(rows.prefix)

    def _follow(self) -> None:
        self._database.keep_only([topic.rows.prefix for topic in self._topics.values()])
        for topic, identity in self._identities():
            topic.identity = identity
            topic.positions.move(self._stored_offsets(topic))
        goals = [(topic, topic.ends.now()) for topic in self._topics.values()]
        self._consumer.assign({name: topic.positions.now() for name, topic in self._topics.items()})
        checked_at = self._now()
        while not self._stopping.is_set():
            # Before the first record is waited for: rows that lack nothing are ready without one.
            if self._fault is not None and not any(topic.positions.behind(goal) for topic, goal in goals):
                self._fault, self._has_caught_up = None, True
            messages = self._consumer.next()
            if messages:
                self._take(messages)
            if (self._now() - checked_at).total_seconds() > _IDENTITY_CHECK_SECONDS:
                checked_at = self._now()
                self._check_identities()

    def _stored_offsets(self, topic: _Topic) -> Offsets:
        cluster_id, topic_id = topic.identity
        raw = self._database.get(source_key(topic.rows.prefix))
        source = None if raw is None else Source.decode(raw)
        reason = must_rebuild(
            source,
            cluster_id=cluster_id,
            topic_id=topic_id,
            version=topic.rows.version,
            continued_for=topic.rows.continued_for,
            now=self._now(),
        )
        if reason is not None:
            raise _Rebuild(topic, reason)
        return self._all_partitions({} if source is None else source.offsets)

    def _check_identities(self) -> None:
        self._database.check_disk()
        for topic, identity in self._identities():
            if identity != topic.identity:
                raise _Rebuild(topic, "the topic was deleted and made anew")
        # A quiet topic does not make the table old: it would be rebuilt at the next fault.
        self._write([(topic, [], topic.positions.now()) for topic in self._topics.values()])

    def _identities(self) -> list[tuple[_Topic, tuple[str, str]]]:
        """Each topic, and its cluster id and topic id."""
        names = list(self._topics)
        cluster = self._admin.list_topics(names[0], timeout=_REQUEST_SECONDS).cluster_id
        # All at once, as nothing is followed meanwhile: two answers for each topic were three seconds where each took
        # half a second, as long as a reader waits, who was told that the table is behind.
        described = self._admin.describe_topics(TopicCollection(names), request_timeout=_REQUEST_SECONDS)
        ids = {name: str(described[name].result(_REQUEST_SECONDS).topic_id) for name in names}
        return [(topic, (str(cluster), ids[name])) for name, topic in self._topics.items()]

    def _take(self, messages: Sequence[Message]) -> None:
        by_topic: dict[str, list[Message]] = {}
        for message in messages:
            by_topic.setdefault(message.topic() or "", []).append(message)
        read = [(topic, *self._read(topic, of_topic)) for topic, of_topic in self._of(by_topic)]
        self._write([each for each in read if each[2] != each[0].positions.now()])

    def _of(self, by_topic: dict[str, list[Message]]) -> Iterable[tuple[_Topic, list[Message]]]:
        return [(self._topics[name], messages) for name, messages in by_topic.items() if name in self._topics]

    def _read(self, topic: _Topic, messages: Sequence[Message]) -> tuple[list[Any], Offsets]:
        """The records as the topic's rows read them, and the offsets behind them."""
        offsets = topic.positions.now()
        items: list[Any] = []
        for message in messages:
            error = message.error()
            if error is None:
                record = record_of(message)
                try:
                    items.append(_item(topic.rows, record))
                except UnreadableRecord as why:
                    log.warning(
                        "skipped an unreadable record of %s, partition %s, offset %s: %s",
                        topic.rows.topic, record.partition, record.offset, why,
                    )  # fmt: skip
                offsets[record.partition] = record.offset + 1
            elif error.code() == KafkaError._PARTITION_EOF:
                # Compaction may have removed the last records: the end is further than the last one read.
                partition, offset = where(message)
                offsets[partition] = offset
            elif error.code() in _GONE:
                raise _Rebuild(topic, "the topic no longer has the offsets that the table goes on from")
            elif error.code() in _LOST:
                raise KafkaException(error)
        return items, offsets

    def _write(self, read: Sequence[tuple[_Topic, list[Any], Offsets]]) -> None:
        """Take records of topics, and the offsets behind them, in one atomic write."""
        now = self._now()
        changes = [(topic, topic.rows.fold(items, self._database, now)) for topic, items, _ in read]
        writes: dict[bytes, bytes | None] = {}
        for (topic, _, offsets), (_, change) in zip(read, changes, strict=True):
            source = Source(*topic.identity, offsets, now, topic.rows.version)
            writes |= change.writes
            writes[source_key(topic.rows.prefix)] = source.encode()
        self._database.write(writes, filling=self._fault is not None)
        for topic, _, offsets in read:
            topic.positions.move(offsets)
        for topic, change in changes:
            topic.rows.told(change.news)


def _item(rows: AnyRows, record: Record) -> Any:
    """What the rows make of a record; raises UnreadableRecord where they make nothing of it."""
    try:
        return rows.read(record)
    except UnreadableRecord:
        raise
    except Exception as error:
        # A record that no process of ours writes, met again at each try, would keep every gateway from all of its
        # topics for good. Its name alone: the error may quote the document.
        raise UnreadableRecord(f"to read it raised {type(error).__name__}") from error

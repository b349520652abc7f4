"""A consumer group that hands out each filing record when it is due, and pauses the partitions whose head is not."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from streams.group_member import member_settings
from streams.incoming import FilingRecord
from transport.connection import KafkaConnection

log = logging.getLogger(__name__)

_BATCH = 100
_QUEUE_KIB = 16 * 1024
"""librdkafka would read 64 MiB ahead of each partition that is not paused."""
_FETCH_BYTES = 16 * 1024 * 1024
"""Of all partitions together: librdkafka's 50 MiB may take a slow network longer than a client waits for an answer."""

TopicAndPartition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Held:
    record: FilingRecord
    due_at: datetime


class DueConsumer:
    """Reads topics whose records wait for a time.

    Of each partition it keeps the head alone, so thousands that wait cost as much as a few. `take` and `commit` are
    called by one thread at a time.

    Args:
        due_at: when a record is due; called once a record.
        now: the clock, in UTC.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        group: str,
        topics: Sequence[str],
        due_at: Callable[[FilingRecord], datetime],
        now: Callable[[], datetime],
    ) -> None:
        self._due_at, self._now = due_at, now
        self._held: dict[TopicAndPartition, _Held] = {}
        self._consumer = Consumer(
            {
                **member_settings(connection, group),
                "queued.max.messages.kbytes": _QUEUE_KIB,
                "fetch.message.max.bytes": _FETCH_BYTES,
                "fetch.max.bytes": _FETCH_BYTES,
            }
        )
        self._consumer.subscribe(list(topics), on_revoke=self._forget, on_lost=self._forget)

    def take(self, seconds: float) -> list[FilingRecord]:
        """The records that are due, in the order of their partitions; waits up to `seconds` for the first."""
        due = self._release()
        message = self._consumer.poll(0 if due else self._patience(seconds))
        while message is not None:
            self._sort_in(message, due)
            message = self._consumer.poll(0) if len(due) < _BATCH else None
        return due

    def commit(self, records: Iterable[FilingRecord]) -> None:
        """Have these not handed out again.

        Where Kafka does not take it, or the partition moved to another member, they are: who handles a record must
        bear its repetition.
        """
        next_offsets: dict[TopicAndPartition, int] = {}
        for record in records:
            where = (record.topic, record.partition)
            next_offsets[where] = max(record.offset + 1, next_offsets.get(where, 0))
        offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in next_offsets.items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            log.warning("offsets are not committed, and what they cover comes again: %s", error)

    @property
    def held(self) -> int:
        """How many records are held back in memory: one a partition at most."""
        return len(self._held)

    def overdue(self) -> float:
        """Seconds since the oldest record that is held back became due; 0 where none is due."""
        return max((self._overdue_of(held) for held in list(self._held.values())), default=0.0)

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _release(self) -> list[FilingRecord]:
        now = self._now()
        ready = [where for where, held in self._held.items() if held.due_at <= now]
        if ready:
            self._consumer.resume([TopicPartition(topic, partition) for topic, partition in ready])
        return [self._held.pop(where).record for where in ready]

    def _patience(self, seconds: float) -> float:
        """How long to wait for a new record: no longer than until the next held one is due."""
        return min([seconds, *(self._wait_of(held) for held in self._held.values())])

    def _wait_of(self, held: _Held) -> float:
        return max(0.0, (held.due_at - self._now()).total_seconds())

    def _overdue_of(self, held: _Held) -> float:
        return max(0.0, (self._now() - held.due_at).total_seconds())

    def _sort_in(self, message: Message, due: list[FilingRecord]) -> None:
        error = message.error()
        if error is not None:
            if error.fatal():
                raise KafkaException(error)
            log.warning("the consumer goes on after: %s", error.str())
            return
        record = record_of(message)
        due_at = self._due_at(record)
        if due_at <= self._now():
            due.append(record)
            return
        # A paused partition hands out nothing more, so its head is all that is held of it.
        self._consumer.pause([TopicPartition(record.topic, record.partition)])
        self._held[record.topic, record.partition] = _Held(record, due_at)

    def _forget(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        paused = [moved for moved in partitions if self._held.pop((moved.topic, moved.partition), None)]
        if paused:
            # A pause outlives the assignment: a partition that comes back would never be read again.
            self._consumer.resume(paused)


def record_of(message: Message) -> FilingRecord:
    """A consumed message as a record."""
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    _, milliseconds = message.timestamp()
    headers = cast("list[tuple[str, bytes | str | None]]", message.headers() or [])
    return FilingRecord(
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp=datetime.fromtimestamp(milliseconds / 1000, tz=UTC),
        key=_bytes(message.key()),
        value=_bytes(message.value()),
        headers=[(name, found) for name, value in headers if (found := _bytes(value)) is not None],
    )


def _bytes(value: bytes | str | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
